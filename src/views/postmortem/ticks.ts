/**
 * A new section in which every box that people ticked in the old one is ticked. A task that the history ticks has its evidence, and
 * so is another line.
 */
export function keepTicks(section: string, old: string): string {
  const ticked = new Set([...old.matchAll(/^[-*] \[[xX]\] (.*)$/gm)].map(([, task = '']) => task.trimEnd()))
  return section.replace(/^- \[ \] (.*)$/gm, (line, task: string) =>
    ticked.has(task) ? `- [x] ${task}` : line,
  )
}
