/**
 * Whether a log line matches a pattern, for as much of "Filter pattern syntax" (CloudWatch Logs User Guide) as the stack
 * uses: comparisons of top-level fields with `=`, `!=` or `>=`, joined by `&&`, `||` and parentheses. Only lines that
 * are JSON match, and a field that is not there matches nothing.
 * @throws Error for any other pattern.
 */
export function matches(pattern: string, line: string): boolean {
  const inner = /^\{ (.*) \}$/.exec(pattern)?.[1];
  if (inner === undefined) throw new Error(`not a JSON pattern: ${pattern}`);
  const fields = parseLine(line);
  if (fields === undefined) return false;
  const compared = inner.replace(
    /\$\.(\w+) (=|!=|>=) ("[^"]*"|\d+)/g,
    (_, name: string, operator: string, value: string) =>
      String(compare(fields[name], operator, JSON.parse(value) as string | number)),
  );
  return truthOf(compared);
}

function parseLine(line: string): Readonly<Record<string, unknown>> | undefined {
  try {
    return JSON.parse(line) as Readonly<Record<string, unknown>>;
  } catch {
    return undefined;
  }
}

function compare(field: unknown, operator: string, value: string | number): boolean {
  if (field === undefined) return false;
  if (operator === '=') return field === value;
  if (operator === '!=') return field !== value;
  return typeof field === 'number' && field >= Number(value);
}

/** The truth of `true`, `false`, `&&`, `||` and parentheses. Which of the two binds closer is never asked. */
function truthOf(text: string): boolean {
  const [group] = /\([^()]*\)/.exec(text) ?? [];
  if (group !== undefined) return truthOf(text.replace(group, String(truthOf(group.slice(1, -1)))));
  const [terms, every] = text.includes('||') ? [text.split(' || '), false] : [text.split(' && '), true];
  if (terms.some((term) => term !== 'true' && term !== 'false')) throw new Error(`not understood: ${text}`);
  return every ? terms.every((term) => term === 'true') : terms.includes('true');
}
