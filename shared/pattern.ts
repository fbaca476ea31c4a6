/** `*` is any text. Without a regular expression, as a pattern with many of them would take for ever. */
export function fits(text: string, pattern: string): boolean {
  // Stryker disable next-line StringLiteral: a split text has a part, and the default is for the compiler
  const [first = '', ...rest] = pattern.split('*');
  const last = rest.pop();
  if (last === undefined) return text === pattern;
  if (!text.startsWith(first)) return false;
  let from = first.length;
  for (const part of rest) {
    const found = text.indexOf(part, from);
    if (found === -1) return false;
    from = found + part.length;
  }
  return text.length - last.length >= from && text.endsWith(last);
}
