import Bottleneck from 'bottleneck/light.js'

/**
 * Bottleneck, through which both of Octokit's plugins send every request. It steps aside several times for each, by a
 * timer of a millisecond, and there are three of it in a row: 15 ms a request, and a rollback is thirty of them. Here it
 * steps aside for what is ready to run and no longer.
 */
export { Bottleneck }

const store: unknown = Object.getPrototypeOf(Reflect.get(new Bottleneck(), '_store'))
if (typeof store === 'object' && store !== null && 'yieldLoop' in store)
  store.yieldLoop = () => new Promise((resolve) => setImmediate(resolve))
