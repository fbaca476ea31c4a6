/** Turns a text from outside into one that may be logged and stored. */
export type Redact = (text: string) => string;

const LONGEST_TEXT = 500;

/**
 * What other services say ends up in logs, errors and the audit log. The known secrets are blotted out, line breaks
 * and runs of blanks become one blank, and a long text (a proxy's HTML page) is cut at 500 characters.
 */
export function redactor(secrets: readonly string[]): Redact {
  const known = secrets.filter((secret) => secret !== '').sort((a, b) => b.length - a.length);
  return (text) => {
    let clean = text;
    for (const secret of known) clean = clean.replaceAll(secret, '***');
    clean = clean.replace(/\s+/g, ' ').trim();
    return clean.length > LONGEST_TEXT ? `${clean.slice(0, LONGEST_TEXT)}…` : clean;
  };
}

/** An address without user, password, query and fragment: the form in which it may be named. */
export function addressOf(url: string | URL): string {
  const parsed = typeof url === 'string' ? URL.parse(url) : url;
  return parsed === null ? '(not an address)' : `${parsed.origin}${parsed.pathname}`;
}
