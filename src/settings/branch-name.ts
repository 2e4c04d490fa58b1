/**
 * What is wrong with the name of a branch, by the rules of `git check-ref-format` and two of our own: no `refs/heads/`
 * in front, and not `HEAD`, as both are valid names that nobody means.
 * @see https://git-scm.com/docs/git-check-ref-format
 * @returns the problem and what to write instead, or undefined if the name is good
 */
export function explainBranchName(name: string): string | undefined {
  if (name === '') return 'is empty; write the name of a branch, such as `main`'
  if (name.startsWith('refs/')) return 'is a full ref; write the name of the branch alone, such as `main`'
  const broken = rules.find(([pattern]) => pattern.test(name))
  return broken === undefined
    ? undefined
    : `is not a branch name: ${broken[1]}; write a name such as \`main\``
}

/**
 * True if git can't keep both branches: they are the same, or one would have to be a folder of the other
 * (`main` and `main/history`).
 */
export function branchesCollide(one: string, other: string): boolean {
  return one === other || one.startsWith(`${other}/`) || other.startsWith(`${one}/`)
}

const rules: readonly (readonly [RegExp, string])[] = [
  [/^(?:@|HEAD)$/, 'git keeps this name for itself'],
  [/^-/, 'it starts with a dash'],
  [/[\p{Cc} ]/u, 'it holds a space or control character'],
  [/[~^:?*[\\]/, 'it holds one of ~ ^ : ? * [ \\'],
  [/\.\.|@\{/, 'it holds `..` or `@{`'],
  [/^\/|\/$|\/\//, 'it has a slash too many'],
  [/(?:^|\/)\./, 'a part of it starts with a dot'],
  [/\.$|\.lock(?:\/|$)/, 'it ends with `.` or `.lock`'],
  [/^.{245,}$/su, 'it is longer than 244 characters'],
]
