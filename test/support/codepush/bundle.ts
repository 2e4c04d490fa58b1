import { strToU8, zipSync } from 'fflate'

/** A release to make on a test server. */
export interface Bundle {
  /** what the app does: another content is another package */
  readonly content: string
  /** the binaries it is for, a version or a range */
  readonly binary?: string
  readonly description?: string
  readonly isMandatory?: boolean
  readonly isDisabled?: boolean
  /** percent */
  readonly rollout?: number
}

export type Platform = 'ios' | 'android'

/** The zip that the CodePush CLI would make of an app; each platform's bundle has a file name of its own. */
export function zipBundle(content: string, platform: Platform): Uint8Array<ArrayBuffer> {
  const file = platform === 'ios' ? 'main.jsbundle' : 'index.android.bundle'
  // a fixed time, so that the same content is the same package
  const zip = zipSync({ [`CodePush/${file}`]: strToU8(`// ${content}\n`) }, { mtime: '2026-11-24T00:00:00Z' })
  return Uint8Array.from(zip)
}

/** The form that a release is uploaded with. */
export function formOf(bundle: Bundle, platform: Platform): FormData {
  const { content, binary = '1.0.0', ...info } = bundle
  const form = new FormData()
  form.set('package', new Blob([zipBundle(content, platform)], { type: 'application/zip' }), 'bundle.zip')
  form.set('packageInfo', JSON.stringify({ appVersion: binary, description: '', ...info }))
  return form
}
