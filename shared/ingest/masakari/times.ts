/** As `iso8601.parse_date` of Python takes them: a date alone, `T` or a blank, any zone or none, which is UTC. */
const FORM =
  /^(\d{4})(?:-?(\d{1,2})(?:-?(\d{1,2}))?)?(?:[T ](\d{1,2}):?(\d{2})(?::?(\d{2})(?:[.,](\d+))?)?)?\s*(Z|[+-]\d{2}(?::?\d{2})?)?$/i;

/** Later years have five digits. */
const LAST_MS = Date.UTC(9999, 11, 31, 23, 59, 59, 999);

/** A moment, in Unix microseconds: what monitors send has six decimals. */
export type Micros = bigint;

/** Undefined when the text is no time. */
export function parseTime(text: string): Micros | undefined {
  const parts = FORM.exec(text);
  if (parts === null) return undefined;
  const [, year, month = '1', day = '1', hour = '0', minute = '0', second = '0', fraction = '', zone = 'Z'] = parts;
  const numbers = [year, month, day, hour, minute, second].map(Number);
  const [y = 0, mo = 0, d = 0, h = 0, mi = 0, s = 0] = numbers;
  const ms = Date.UTC(y, mo - 1, d, h, mi, s);
  const at = new Date(ms);
  const isReal = at.getUTCMonth() === mo - 1 && at.getUTCDate() === d && h < 24 && mi < 60 && s < 60;
  if (!isReal) return undefined;
  const offset = offsetMinutes(zone);
  if (offset === undefined) return undefined;
  const utcMs = ms - offset * 60_000;
  if (utcMs < 0 || utcMs > LAST_MS) return undefined;
  return BigInt(utcMs) * 1000n + BigInt(fraction.slice(0, 6).padEnd(6, '0'));
}

function offsetMinutes(zone: string): number | undefined {
  if (zone.toUpperCase() === 'Z') return 0;
  const [hours, minutes] = [Number(zone.slice(1, 3)), Number(zone.slice(3).replace(':', '') || 0)];
  if (hours > 23 || minutes > 59) return undefined;
  return (zone.startsWith('-') ? -1 : 1) * (hours * 60 + minutes);
}

/** `2026-11-21T00:05:41.441748`: UTC without saying so, as Masakari writes times. */
export function inMicros(micros: Micros): string {
  const seconds = new Date(Number(micros / 1000n)).toISOString().slice(0, 19);
  return `${seconds}.${String(micros % 1_000_000n).padStart(6, '0')}`;
}

/** The same in whole seconds, as Masakari's database has the times of its own. */
export const inSeconds = (unixMs: number): string => `${new Date(unixMs).toISOString().slice(0, 19)}.000000`;
