/** The build of Bottleneck without Redis, which the throttling plugin itself uses; the package types only its full build. */
declare module 'bottleneck/light.js' {
  export { default } from 'bottleneck'
}
