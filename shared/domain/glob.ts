/**
 * Whether the whole text fits: `*` is any text, `?` one character. Without a regular expression, as a pattern with many
 * stars would take for ever.
 */
export function fitsGlob(text: string, pattern: string): boolean {
  let at = 0;
  let along = 0;
  /** Behind the last star, and where in the text what it stands for ends for now. */
  let star = -1;
  let from = 0;
  while (at < text.length) {
    if (pattern[along] === '*') {
      star = along += 1;
      from = at;
    } else if (along < pattern.length && (pattern[along] === '?' || pattern[along] === text[at])) {
      at += 1;
      along += 1;
    } else {
      if (star === -1) return false;
      from += 1;
      at = from;
      along = star;
    }
  }
  return [...pattern.slice(along)].every((rest) => rest === '*');
}
