/** The folders and files that serve a route, by the route: `/checkout` to `src/checkout`. */
export type Routes = Readonly<Record<string, readonly string[]>>

/** A place in the code that a failing check names. */
export interface Place {
  /** how the check names it: `/app/src/cart.ts:42`, or `/checkout/7` */
  readonly named: string
  readonly kind: 'frame' | 'route'
  /** of a frame: the file; of a route: the folders and files that the settings map it to */
  readonly paths: readonly string[]
  /** the route of the settings that fits best; undefined for a frame */
  readonly route?: string
}

const mostPlaces = 50

/**
 * The stack frames in what a failing check says, and the addresses that the settings map to code. An address without a mapping is no
 * place: only its words are compared.
 */
export function placesIn(said: string, routes: Routes): readonly Place[] {
  // as Python writes it
  const told = said.replace(/"([^"\n]{1,300})", line (\d+)/g, '"$1:$2"')
  const tokens = new Set(told.split(/[\s"'`()<>,;]+/).map((token) => token.replace(/[.:]+$/, '')))
  return [...tokens]
    .flatMap((token) => {
      const place = frameOf(token) ?? routeOf(token, routes)
      return place === undefined ? [] : [place]
    })
    .slice(0, mostPlaces)
}

/** `src/cart.ts:42`, `/app/src/cart.ts:42:7`, `file:///app/src/cart.ts:42`, `views.py:12`. */
function frameOf(token: string): Place | undefined {
  const [, path = ''] = /^(?:file:\/\/)?([^:]{1,300}\.[A-Za-z]{1,10}):\d+(?::\d+)?$/.exec(token) ?? []
  // a host with a port is no file, and what others wrote is in no commit
  if (path === '' || isHost(path) || /(?:^|\/)(?:node_modules|site-packages|vendor)\//.test(path))
    return undefined
  return { named: token, kind: 'frame', paths: [path.replaceAll('\\', '/')] }
}

function isHost(path: string): boolean {
  return !path.includes('/') && /\.(?:com|org|net|io|dev|local|internal|svc)$/.test(path)
}

function routeOf(token: string, routes: Routes): Place | undefined {
  const address = token.replace(/^https?:\/\/[^/]*/, '').replace(/[?#].*$/s, '')
  if (!address.startsWith('/')) return undefined
  const [route] = Object.keys(routes)
    .filter((each) => address === each || address.startsWith(each === '/' ? each : `${each}/`))
    .toSorted((a, b) => b.length - a.length)
  return route === undefined ? undefined : { named: token, kind: 'route', paths: routes[route] ?? [], route }
}

/** Names that so many files have that a frame without a folder names none of them. */
const everywhere = /^(?:index|main|mod|app|__init__)\.\w+$/

/** Whether a changed file is in a place. Of a frame, one path may have more folders in front than the other. */
export function isIn(file: string, { kind, paths }: Place): boolean {
  return paths.some((path) =>
    kind === 'route'
      ? file === path || file.startsWith(`${path}/`)
      : endsWithPath(path, file) || (!everywhere.test(path) && endsWithPath(file, path)),
  )
}

function endsWithPath(long: string, short: string): boolean {
  return long === short || long.endsWith(`/${short.replace(/^\/+/, '')}`)
}
