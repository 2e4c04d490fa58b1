/** What a request asks for and a route does not look at. GitHub would have done it, so passing it over would be a lie. */
export function watchReads(request: { readonly query: URLSearchParams; readonly body: unknown }): {
  readonly query: URLSearchParams
  readonly body: unknown
  readonly unread: () => readonly string[]
} {
  const query = new WatchedParameters(request.query)
  const fields = new Set<string>()
  const { body } = request
  const isRecord = typeof body === 'object' && body !== null && !Array.isArray(body)
  const watched = isRecord
    ? new Proxy(body, {
        get(target, key): unknown {
          if (typeof key === 'string') fields.add(key)
          return Reflect.get(target, key)
        },
      })
    : body
  return {
    query,
    body: watched,
    unread() {
      const parameters = [...request.query.keys()].filter((name) => !query.read.has(name))
      const left = isRecord ? Object.keys(body).filter((name) => !fields.has(name)) : []
      return [...parameters.map((name) => `query ${name}`), ...left.map((name) => `body ${name}`)]
    },
  }
}

class WatchedParameters extends URLSearchParams {
  readonly read = new Set<string>()

  override get(name: string): string | null {
    this.read.add(name)
    return super.get(name)
  }

  override has(name: string): boolean {
    this.read.add(name)
    return super.has(name)
  }
}
