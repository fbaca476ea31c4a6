import type { Server, Snapshot } from '#shared/ports.ts';
import type { Segment } from '../policy.ts';
import { entriesFor } from '../protect.ts';
import type { SeenSnapshot } from '../seen.ts';

type Instances = Segment['instances'];
type Policy = NonNullable<Instances['restartFromSnapshot']>;
type Judged = Pick<Server, 'locked' | 'metadata' | 'localDisks'>;

export function newestOf(snapshots: readonly Snapshot[], nowMs: number): SeenSnapshot | null {
  const [newest] = [...snapshots].sort((a, b) => b.createdAtMs - a.createdAtMs);
  return newest === undefined ? null : agedAt(newest, nowMs);
}

export const agedAt = ({ id, kind, createdAtMs }: Snapshot, nowMs: number): SeenSnapshot => ({
  ...{ id, kind, createdAtMs },
  ageSeconds: Math.max(0, Math.round((nowMs - createdAtMs) / 1000)),
});

/** Whether it must be known which snapshots there are of the instance; all else is decided without. */
export const mayBeRestored = (server: Judged, { restartFromSnapshot }: Instances): boolean =>
  restartFromSnapshot !== undefined && whyNever(server, restartFromSnapshot) === undefined;

/**
 * The snapshot that an instance whose disks are lost is restarted from, or why it is not, in words; undefined where the
 * policy knows nothing of it.
 * @param ran it is to come back running: what did not run misses nothing yet
 * @param snapshot the newest; null: there is none. Undefined: nobody asked
 */
export function restorableFrom(
  server: Judged,
  ran: boolean,
  snapshot: SeenSnapshot | null | undefined,
  { restartFromSnapshot: policy }: Instances,
): SeenSnapshot | string | undefined {
  if (policy === undefined) return undefined;
  if (!ran) return 'it did not run, so it is not restarted from a snapshot';
  const never = whyNever(server, policy);
  if (never !== undefined) return never;
  if (snapshot == null) return 'there is no snapshot of it to restart it from';
  if (snapshot.ageSeconds <= policy.maxAgeSeconds) return snapshot;
  return `its newest snapshot is ${inWords(snapshot.ageSeconds)} old, and the policy takes none older than ${inWords(policy.maxAgeSeconds)}`;
}

/** Of what its owner says only the key that is asked for goes into the log. */
export const restoreKeys = ({ restartFromSnapshot }: Instances): readonly string[] =>
  restartFromSnapshot === undefined ? [] : [restartFromSnapshot.metadataKey];

/** A snapshot has the root disk alone. What its owner has locked is not changed. */
function whyNever({ locked, metadata, localDisks }: Judged, policy: Policy): string | undefined {
  if (!localDisks.root) return 'its root disk is a volume, and none is made of a snapshot';
  if (localDisks.ephemeralGb > 0) return 'its ephemeral disk is in no snapshot';
  if (locked) return 'it is locked, so it is not restarted from a snapshot';
  if (policy.who === 'all') return undefined;
  const { metadataKey: key } = policy;
  const said = Object.values(entriesFor(metadata, [key])).map((value) => value.trim().toLowerCase());
  return said.some((value) => YES.includes(value))
    ? undefined
    : `its owner has not asked for a restart from a snapshot (metadata ${key})`;
}

const YES: readonly string[] = ['true', 'yes', 'on', '1'];

/** Such as `45 s`, `12 min` or `3.5 h`. */
export function inWords(seconds: number): string {
  if (seconds < 120) return `${seconds} s`;
  return seconds < 7200 ? `${Math.round(seconds / 60)} min` : `${(seconds / 3600).toFixed(1)} h`;
}

/** What is told of it wherever it is told. */
export const toldOf = ({ id, kind, createdAtMs, ageSeconds }: SeenSnapshot): string =>
  `its ${kind} ${id} of ${new Date(createdAtMs).toISOString()}, without the ${inWords(ageSeconds)} since`;
