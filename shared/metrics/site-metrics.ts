import type { Services } from '#shared/services.ts';
import type { QueueCount } from './expose.ts';
import { SnapshotReader } from './snapshot.ts';

export type Depths = () => Readonly<Record<string, QueueCount>>;

/** How old what is told may be, however many ask. */
const FRESH_MS = 5_000;

/** Text for `GET /metrics`. Nothing is read while nobody asks. @param depths of the queues; none where nobody knows */
export function siteMetrics(
  { state, policy, clock }: Pick<Services, 'state' | 'policy' | 'clock'>,
  depths: Depths = () => ({}),
): () => Promise<string> {
  const reader = new SnapshotReader(state, policy);
  let latest: { readonly atMs: number; readonly text: Promise<string> } | undefined;
  return () => {
    const nowMs = clock.now();
    if (latest !== undefined && nowMs - latest.atMs < FRESH_MS) return latest.text;
    const text = Promise.all([import('./expose.ts'), reader.read(nowMs)]).then(([{ exposed }, snapshot]) =>
      exposed(snapshot, depths()),
    );
    latest = { atMs: nowMs, text };
    text.catch(() => {
      latest = undefined;
    });
    return text;
  };
}
