import type { ComputeService } from '#shared/ports.ts';
import { isMaintenance } from './gates/of-host.ts';

/** What Nova's list of compute services says of hosts, as one reporter among others: `watch` of the policy. */

/** The name under which its words count. */
export const NOVA_REPORTER = 'nova';

/** Its word counts for `reporters.claimTtlSeconds`, so it is said again before. */
const SAY_AGAIN_MS = 60_000;

/** What one look says of a host. */
export interface Sight {
  readonly says: 'down' | 'up';
  readonly because: string;
  /** How long ago the host was last heard of, compared with the others, in ms. */
  readonly silentMs: number;
}

/** A look at Nova: noted once a minute, however often there is one. Times are Unix ms. */
export interface Look {
  readonly atMs: number;
  /** The newest report of any compute service, by Nova's clock; null when Nova knows of none. */
  readonly newestReportAtMs: number | null;
}

/** When a host was last said to be down, in Unix ms, by the names of the hosts. */
export type Accused = Readonly<Record<string, number>>;

export interface Word extends Sight {
  readonly host: string;
}

/**
 * A service's silence is counted from the newest report of any service, so that neither the clocks of Nova and salvor nor
 * a message bus that is away make all of them look silent. While Nova sees every service down it is Nova that hears nobody,
 * and nothing is said. Who is in maintenance or forced down is in somebody's hands already.
 */
export function sightsOf(services: readonly ComputeService[], staleSeconds: number): ReadonlyMap<string, Sight> {
  if (services.every(({ forcedDown, state }) => forcedDown || state === 'down')) return new Map();
  const newestMs = Math.max(0, ...services.map(({ lastReportAtMs }) => lastReportAtMs ?? 0));
  const sights = new Map<string, Sight>();
  for (const service of services) {
    const sight = sightOf(service, newestMs, staleSeconds * 1000);
    if (sight !== undefined) sights.set(service.host, sight);
  }
  return sights;
}

function sightOf(service: ComputeService, newestMs: number, staleMs: number): Sight | undefined {
  const { forcedDown, state, lastReportAtMs } = service;
  if (isMaintenance(service) || forcedDown) return undefined;
  const silentMs = lastReportAtMs === null ? 0 : newestMs - lastReportAtMs;
  const silence = `nova-compute was last heard of ${Math.round(silentMs / 1000)} s before the newest report of any`;
  if (silentMs > staleMs && state !== 'down') return { says: 'down', because: silence, silentMs };
  // Well inside the limit, so that one who reports just in time is not accused and cleared by turns.
  const isFresh = silentMs <= staleMs / 2 && lastReportAtMs !== null;
  // Nova goes by its own clock: one that reports as late as all others is not the one that has failed.
  if (state === 'down') return isFresh ? undefined : { says: 'down', because: 'Nova sees the service down', silentMs };
  return isFresh ? { says: 'up', because: 'nova-compute reports again', silentMs } : undefined;
}

/**
 * What has to be said: that a host is down, again and again while it is; and once that it is up again, of one that was
 * called down. Of hosts that no segment protects, nothing.
 */
export function wordsFor(
  sights: ReadonlyMap<string, Sight>,
  accused: Accused,
  isProtected: (host: string) => boolean,
  nowMs: number,
): { readonly words: readonly Word[]; readonly accused: Accused } {
  const words: Word[] = [];
  const next: Record<string, number> = {};
  for (const [host, sight] of sights) {
    const saidAtMs = Object.hasOwn(accused, host) ? accused[host] : undefined;
    if (sight.says === 'up') {
      if (saidAtMs !== undefined) words.push({ host, ...sight });
      continue;
    }
    if (!isProtected(host)) continue;
    const again = saidAtMs === undefined || nowMs - saidAtMs >= SAY_AGAIN_MS;
    if (again) words.push({ host, ...sight });
    Object.defineProperty(next, host, { value: again ? nowMs : saidAtMs, enumerable: true });
  }
  // Neither down nor well again: it stays accused until one of the two is certain.
  for (const [host, atMs] of Object.entries(accused))
    if (!sights.has(host) && isProtected(host)) Object.defineProperty(next, host, { value: atMs, enumerable: true });
  return { words, accused: next };
}
