/** A long value of a caller's is not sent back whole. */
const LONGEST = 1000;

/** A JSON value as Python shows it (`repr`), in which Masakari's messages quote what they got. */
export function inPython(value: unknown): string {
  const text = shown(value, 0);
  return text.length > LONGEST ? `${text.slice(0, LONGEST)}…` : text;
}

const DEEPEST = 20;

function shown(value: unknown, depth: number): string {
  if (value === null || value === undefined) return 'None';
  if (typeof value === 'boolean') return value ? 'True' : 'False';
  if (typeof value === 'string') return quoted(value.slice(0, LONGEST));
  if (typeof value !== 'object') return String(value);
  if (depth > DEEPEST) return '…';
  if (Array.isArray(value)) {
    const inside = value.slice(0, LONGEST).map((each) => shown(each, depth + 1));
    return Object.isFrozen(value) ? `(${inside.join(', ')})` : `[${inside.join(', ')}]`;
  }
  const inside = Object.entries(value).map(([key, each]) => `${quoted(key)}: ${shown(each, depth + 1)}`);
  return `{${inside.join(', ')}}`;
}

function quoted(text: string): string {
  const quote = text.includes("'") && !text.includes('"') ? '"' : "'";
  const inside = text
    .replaceAll('\\', '\\\\')
    .replaceAll('\n', '\\n')
    .replaceAll('\r', '\\r')
    .replaceAll('\t', '\\t')
    .replaceAll(quote, `\\${quote}`);
  return `${quote}${inside}${quote}`;
}
