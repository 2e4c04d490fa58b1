/** What to do about a check that has never passed: the same for each of its looks. */
export const firstPassAdvice =
  ', so the check itself may be wrong; correct it, and run the gate once with `mode: snapshot` before the next deployment'

/** Prints that advice once, however often it is true: in the first line that has it. */
export function adviseOnce(log: (line: string) => void): (line: string) => void {
  let isSaid = false
  return (line) => {
    const [before = '', ...after] = line.split(firstPassAdvice)
    if (after.length === 0) return log(line)
    log(before + (isSaid ? '' : firstPassAdvice) + after.join(''))
    isSaid = true
  }
}
