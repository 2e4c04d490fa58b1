/** A text without the marks that turn the direction of writing: with them it shows in another order than it has. */
export function withoutDirections(text: string): string {
  return text.replace(/[\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069]/g, '')
}
