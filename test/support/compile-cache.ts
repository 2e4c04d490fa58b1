const folder = process.env['NODE_COMPILE_CACHE']

/** For a process that gets no environment of the tests but this: where Node keeps what it has compiled (`jest.config.js`). */
export const compileCache: Readonly<Record<string, string>> =
  folder === undefined ? {} : { NODE_COMPILE_CACHE: folder }
