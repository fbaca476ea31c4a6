import type { Aggregate, Image, Migration, Server, Snapshot } from '#shared/ports.ts';
import type { RecordedGroup } from './placed-groups.ts';

/** Migration statuses at which Nova no longer works on an evacuation. */
const ENDED = new Set(['done', 'completed', 'failed', 'error', 'cancelled']);
export const isRunning = ({ status }: Pick<Migration, 'status'>): boolean => !ENDED.has(status);

/** What of an instance a decision looks at. */
export type SeenServer = Pick<
  Server,
  | 'id'
  | 'name'
  | 'projectId'
  | 'host'
  | 'vmState'
  | 'taskState'
  | 'locked'
  | 'metadata'
  | 'fault'
  | 'memoryMb'
  | 'vcpus'
  | 'flavorName'
  | 'extraSpecs'
  | 'localDisks'
>;

/** What stands beside an instance and says something of it. */
export interface Signs {
  /** Null: it has none, or it was deleted. Absent: nobody asked. */
  readonly image?: Image | null;
  /** Those that its host is in. Absent: nobody asked. */
  readonly aggregates?: readonly Pick<Aggregate, 'name' | 'metadata'>[];
  /** Its server group, with the hosts of its other members. Absent: it is in none, or nobody asked. */
  readonly group?: RecordedGroup;
  /** The newest image that Nova has made of it. Null: there is none. Absent: nobody asked. */
  readonly snapshot?: SeenSnapshot | null;
}

export interface SeenSnapshot extends Snapshot {
  /** When it was read: what was written since is not in it. */
  readonly ageSeconds: number;
}

/** What of a migration a decision looks at. */
export type SeenMigration = Pick<Migration, 'id' | 'instanceId' | 'sourceHost' | 'destinationHost' | 'status'>;

/** The same as they go into the log: the stream names the instance. What salvors of before did not ask is not there. */
type New = 'projectId' | 'vcpus' | 'flavorName' | 'extraSpecs';
export type RecordedServer = Omit<SeenServer, 'id' | 'name' | New> & Partial<Pick<SeenServer, New>>;
export type RecordedMigration = Omit<SeenMigration, 'instanceId'>;

export function recordMigration({ id, sourceHost, destinationHost, status }: SeenMigration): RecordedMigration {
  return { id, sourceHost, destinationHost, status };
}

/** Nova keeps the evacuations of an instance for ever: the newest, those that run, and one to where it is now count. */
const NEWEST = 3;
export function relevantMigrations(
  migrations: readonly SeenMigration[],
  nowOn: string | null,
): readonly RecordedMigration[] {
  const newest = new Set([...migrations].sort((a, b) => b.id - a.id).slice(0, NEWEST));
  return migrations
    .filter((each) => newest.has(each) || isRunning(each) || (nowOn !== null && each.destinationHost === nowOn))
    .map(recordMigration);
}
