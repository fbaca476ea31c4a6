/** A secret is a flat record of strings; what is nested (the `auth` of a cloud) is handed over as JSON text. */
export function flatRecord(fields: Readonly<Record<string, unknown>>): Readonly<Record<string, string>> {
  const pairs = Object.entries(fields).map(([key, value]) => [
    key,
    typeof value === 'string' ? value : JSON.stringify(value),
  ]);
  return Object.fromEntries(pairs);
}

export function isRecord(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
