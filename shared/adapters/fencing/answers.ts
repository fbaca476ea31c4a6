import type { PowerOffAnswer, PowerReading } from '#shared/ports.ts';

/** What the drivers that speak HTTP have in common. */

/** `refused`: the device says no for good. `failed`: it says nothing, or nothing of use. */
export type Result<T> =
  | { readonly kind: 'ok'; readonly value: T }
  | {
      readonly kind: 'refused';
      readonly detail: string;
      /** It is the account that is refused. */
      readonly credentials?: true;
    }
  | { readonly kind: 'failed'; readonly detail: string };

/** An answer or a reading before its time is known. */
export type Untimed<T> = Omit<T, 'durationMs'>;

export function answer(kind: PowerOffAnswer['kind'] | 'failed', detail: string): Untimed<PowerOffAnswer> {
  return { kind: kind === 'failed' ? 'unknown' : kind, detail };
}

/** What a status says that is no yes: whether for good, and whether of the account. */
export function refusal(
  status: number,
  detail: string,
  ofTheAccount: readonly number[] = [401],
): Exclude<Result<never>, { readonly kind: 'ok' }> {
  if (!isFinal(status)) return { kind: 'failed', detail };
  return { kind: 'refused', detail, ...(ofTheAccount.includes(status) ? { credentials: true } : {}) };
}

/** What is known of the power when nothing was told. */
export const noReading = (why: Exclude<Result<unknown>, { readonly kind: 'ok' }>): Untimed<PowerReading> => ({
  power: 'unknown',
  systemUuid: null,
  detail: why.detail,
  ...(why.kind === 'refused' && why.credentials === true ? { refused: 'credentials' } : {}),
});

export const nothingSent = (kind: 'refused' | 'failed', why: string): Untimed<PowerOffAnswer> =>
  answer(kind, `nothing was sent: ${why}`);

/**
 * Why the device may not switch off the system that it tells of: it is not the one that was wanted (S2).
 * @param wanted by the policy and by the reading before; what nobody named is not asked for
 */
export function otherSystem(
  told: string | null,
  ...wanted: readonly (string | null | undefined)[]
): string | undefined {
  const missed = wanted.find((each) => each != null && each.toLowerCase() !== told);
  return missed == null
    ? undefined
    : `the device belongs to system ${told ?? 'without a UUID'}, not ${missed.toLowerCase()}`;
}

/** Statuses that the same request will meet again; the rest may pass. */
export function isFinal(status: number): boolean {
  return status >= 300 && status < 500 && ![408, 409, 423, 425, 429].includes(status);
}

/** RFC 9110, 10.2.3: seconds, or a date. Undefined when there is none, or none that can be read. */
export function retryAfterMs(header: string | undefined): number | undefined {
  if (header === undefined) return undefined;
  const delayMs = /^\d+$/.test(header) ? Number(header) * 1000 : Date.parse(header) - Date.now();
  return Number.isNaN(delayMs) ? undefined : Math.max(0, delayMs);
}

export function jsonOf(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

export async function timed<T extends object>(work: Promise<T>): Promise<T & { readonly durationMs: number }> {
  const startMs = performance.now();
  const result = await work;
  return { ...result, durationMs: Math.round(performance.now() - startMs) };
}
