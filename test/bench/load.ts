import { randomUUID } from 'node:crypto';
import { setTimeout as pause } from 'node:timers/promises';
import { Pool } from 'undici';

/** What came back from a load at a fixed rate, whether the server kept up or not. Milliseconds. */
export interface LoadFigures {
  readonly sent: number;
  readonly accepted: number;
  readonly errors: number;
  /** Of those that were answered, from when each was due: a server that stands still is not let off. */
  readonly p50: number;
  readonly p99: number;
  readonly perSecond: number;
}

export interface Load {
  readonly url: string;
  readonly path: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly perSecond: number;
  readonly seconds: number;
  readonly connections: number;
  /** A new connection for each request, as programs make them that say one thing and end. */
  readonly reconnect?: boolean;
  readonly body: (index: number) => string;
}

const TICK_MS = 5;
const PATIENCE_MS = 60_000;

export async function putLoad({
  url,
  path,
  headers,
  perSecond,
  seconds,
  connections,
  reconnect: reset = false,
  body,
}: Load): Promise<LoadFigures> {
  const pool = new Pool(url, { connections, headersTimeout: PATIENCE_MS, bodyTimeout: PATIENCE_MS });
  const total = perSecond * seconds;
  const took: number[] = [];
  const under: Promise<void>[] = [];
  let accepted = 0;
  const post = async (index: number, dueMs: number): Promise<void> => {
    try {
      // From now on, whether it waits for a connection or for the answer.
      const signal = AbortSignal.timeout(PATIENCE_MS);
      const answer = await pool.request({ method: 'POST', path, headers, body: body(index), reset, signal });
      await answer.body.dump();
      took.push(performance.now() - dueMs);
      if (answer.statusCode === 202) accepted += 1;
    } catch {
      // Counted by what was not accepted.
    }
  };
  const startedMs = performance.now();
  for (let sent = 0; sent < total; ) {
    const due = Math.min(total, Math.floor(((performance.now() - startedMs) * perSecond) / 1000));
    for (; sent < due; sent += 1) under.push(post(sent, startedMs + (sent * 1000) / perSecond));
    await pause(TICK_MS);
  }
  await Promise.all(under);
  const endedMs = performance.now();
  await pool.close();
  took.sort((a, b) => a - b);
  const at = (share: number): number => took[Math.min(took.length - 1, Math.floor(took.length * share))] ?? Number.NaN;
  return {
    sent: total,
    accepted,
    errors: total - accepted,
    p50: at(0.5),
    p99: at(0.99),
    perSecond: (accepted * 1000) / (endedMs - startedMs),
  };
}

/** What masakari-instancemonitor sends, each of another instance. */
export const notificationBody = (host: string): string =>
  JSON.stringify({
    notification: {
      type: 'VM',
      hostname: host,
      generated_time: new Date().toISOString().replace('Z', '000'),
      payload: { event: 'LIFECYCLE', instance_uuid: randomUUID(), vir_domain_event: 'STOPPED_FAILED' },
    },
  });
