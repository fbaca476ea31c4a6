import { styleText } from 'node:util';
import { PermanentError, RetryableError } from '#shared/errors.ts';
import type { Log } from '#shared/services.ts';

/** What a person needs of an error: our own errors speak for themselves, others are defects and show where. */
export function explain(error: unknown): string {
  if (error instanceof PermanentError || error instanceof RetryableError) return error.message;
  if (!(error instanceof Error)) return String(error);
  const isTaken = 'code' in error && error.code === 'EADDRINUSE';
  return isTaken
    ? `${error.message}: another program has this port; choose another one`
    : (error.stack ?? error.message);
}

/** One JSON object a line on standard error, as log collectors like it. */
export function jsonLog(level: 'info' | 'warn' | 'error' = 'info'): Log {
  const levels = ['info', 'warn', 'error'];
  const write = (of: 'info' | 'warn' | 'error') => (message: string, fields?: object) => {
    if (levels.indexOf(of) < levels.indexOf(level)) return;
    process.stderr.write(`${JSON.stringify({ time: new Date().toISOString(), level: of, message, ...fields })}\n`);
  };
  return { info: write('info'), warn: write('warn'), error: write('error') };
}

export const silentLog: Log = { info: () => undefined, warn: () => undefined, error: () => undefined };

/** In colour on a terminal; as it is elsewhere, and where NO_COLOR or a terminal without colours says so. */
export const paint = (
  format: Parameters<typeof styleText>[0],
  text: string,
  stream: NodeJS.WriteStream = process.stdout,
): string => styleText(format, text, { stream });

export function print(text: string): void {
  process.stdout.write(`${text}\n`);
}

export const printJson = (value: unknown): void => print(JSON.stringify(value, null, 2));

/** Columns as wide as their widest cell; no trailing blanks. */
export function table(head: readonly string[], rows: readonly (readonly string[])[]): string {
  const widths = head.map((title, column) => Math.max(title.length, ...rows.map((row) => row[column]?.length ?? 0)));
  return [head, ...rows]
    .map((row) =>
      row
        .map((cell, column) => cell.padEnd(widths[column] ?? 0))
        .join('  ')
        .trimEnd(),
    )
    .join('\n');
}
