import type { DatedHappening, OutsideRequest } from '../engine/log.ts';
import { type Check, FRESH_MS, type Scene } from './check.ts';

interface Reading {
  /** When the device was asked, and when it told its caller. */
  readonly askedAtMs: number;
  readonly toldAtMs: number;
}

/** Reporters' clocks may differ by this much from the one by which a device was asked. */
const SKEW_MS = 10_000;

/** No evacuation without a proof: a reading of the host's own device, young enough, and nothing newer against it. */
export function proofBeforeEvacuation({ simulation, histories, segmentsOf }: Scene): Check {
  const off = new Map<string, Reading>();
  const on = new Map<string, Reading>();
  const openedAtMs = new Map<string, number>();
  /** The newest moment at which each host was seen up by a report that salvor has acknowledged, and when it did. */
  const up = new Map<string, { readonly seenAtMs: number; readonly acknowledgedAtMs: number }>();
  const readings = new Map<number, string>();

  function judge(request: OutsideRequest, nowMs: number): string | undefined {
    const { host } = request;
    const reading = off.get(host);
    const segment = segmentsOf(host)[0] ?? simulation.policy.segments[0];
    if (reading === undefined) return `${host} was never read as off`;
    if (reading.askedAtMs < (openedAtMs.get(host) ?? 0)) return `${host} was read as off before its incident opened`;
    const maxAgeMs = 1000 * (segment?.fencing.proofMaxAgeSeconds ?? 0);
    if (nowMs - reading.askedAtMs > maxAgeMs + FRESH_MS / 2)
      return `${host} was read as off ${Math.round((nowMs - reading.askedAtMs) / 1000)} s ago`;
    const alive = on.get(host);
    if (alive !== undefined && alive.askedAtMs > reading.askedAtMs && nowMs - alive.toldAtMs > FRESH_MS)
      return `${host} was read as on since it was read as off`;
    if (histories.of(host).notForcedDownSinceMs < nowMs - FRESH_MS) return `${host} is not forced down`;
    const seen = up.get(host);
    if (
      seen !== undefined &&
      seen.seenAtMs > reading.askedAtMs + SKEW_MS &&
      nowMs - seen.acknowledgedAtMs > FRESH_MS / 2
    )
      return `${host} was reported up since it was read as off`;
    return undefined;
  }

  function follow(happening: DatedHappening): void {
    if (happening.kind === 'arrived' && happening.request.act === 'read-power')
      readings.set(happening.request.id, happening.outcome);
    if (happening.kind === 'answered' && happening.request.act === 'read-power') {
      const { id, host, sentAtMs } = happening.request;
      const outcome = readings.get(id);
      readings.delete(id);
      const reading = { askedAtMs: sentAtMs, toldAtMs: happening.atMs };
      if (outcome === `off ${host}`) off.set(host, reading);
      if (outcome === `on ${host}`) on.set(host, reading);
    }
    if (happening.kind === 'committed')
      for (const write of happening.writes)
        if (write.kind === 'append' && (write.body.fact as { type?: string })?.type === 'incident-opened')
          openedAtMs.set((write.body.fact as { host: string }).host, happening.atMs);
    if (happening.kind === 'acknowledged' && happening.queue === 'host-events') followReport(happening);
  }

  function followReport({ body, atMs }: { readonly body: string; readonly atMs: number }): void {
    const [, type, time, host] =
      /"type":"(host\.(?:up|heartbeat))","time":"([^"]+)","data":\{"schemaVersion":1,"host":"([^"]+)"/.exec(body) ?? [];
    if (type === undefined || time === undefined || host === undefined) return;
    const seenAtMs = Date.parse(time);
    // Reports from far off are not believed, and need not be.
    if (Math.abs(atMs - seenAtMs) > FRESH_MS || seenAtMs <= (up.get(host)?.seenAtMs ?? 0)) return;
    up.set(host, { seenAtMs, acknowledgedAtMs: atMs });
  }

  return {
    id: 'S1',
    sentence: 'no evacuate request leaves without a valid fence proof of this incident, and with the host forced down',
    see: (happening) => {
      follow(happening);
      return happening.kind === 'asked' && happening.request.act === 'evacuate'
        ? judge(happening.request, happening.atMs)
        : undefined;
    },
  };
}
