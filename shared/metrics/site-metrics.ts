import type { QueueLooks } from '#shared/ports.ts';
import type { Services } from '#shared/services.ts';
import { SnapshotReader } from './snapshot.ts';

/** How old what is told may be, however many ask. */
const FRESH_MS = 5_000;

/** Text for `GET /metrics`. Nothing is read while nobody asks. @param queues undefined where nobody can look at them */
export function siteMetrics(
  { state, policy, clock }: Pick<Services, 'state' | 'policy' | 'clock'>,
  queues: QueueLooks | undefined,
): () => Promise<string> {
  const reader = new SnapshotReader(state, policy);
  let latest: { readonly atMs: number; readonly text: Promise<string> } | undefined;
  return () => {
    const nowMs = clock.now();
    if (latest !== undefined && nowMs - latest.atMs < FRESH_MS) return latest.text;
    const text = Promise.all([import('./expose.ts'), reader.read(nowMs), queues?.look()]).then(
      ([{ exposed }, snapshot, looked]) => exposed(snapshot, looked?.queues ?? []),
    );
    latest = { atMs: nowMs, text };
    text.catch(() => {
      latest = undefined;
    });
    return text;
  };
}
