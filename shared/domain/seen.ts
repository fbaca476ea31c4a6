import type { Migration, Server } from '#shared/ports.ts';
import type { Segment } from './policy.ts';

/** Migration statuses at which Nova no longer works on an evacuation. */
const ENDED = new Set(['done', 'completed', 'failed', 'error', 'cancelled']);
export const isRunning = ({ status }: Pick<Migration, 'status'>): boolean => !ENDED.has(status);

/** What of an instance a decision looks at. */
export type SeenServer = Pick<
  Server,
  'id' | 'name' | 'host' | 'vmState' | 'taskState' | 'locked' | 'metadata' | 'fault' | 'memoryMb' | 'localDisks'
>;

/** What of a migration a decision looks at. */
export type SeenMigration = Pick<Migration, 'id' | 'instanceId' | 'sourceHost' | 'destinationHost' | 'status'>;

/** The same as they go into the log: the stream names the instance. */
export type RecordedServer = Omit<SeenServer, 'id' | 'name'>;
export type RecordedMigration = Omit<SeenMigration, 'instanceId'>;

/** Of its metadata only what the policy asks for: the rest is its owner's, and may be long. */
export function recordServer(server: SeenServer, { metadataKey }: Segment['instances']): RecordedServer {
  const { host, vmState, taskState, locked, fault, memoryMb, localDisks } = server;
  const value = server.metadata[metadataKey];
  const metadata = value === undefined ? {} : { [metadataKey]: value };
  return { host, vmState, taskState, locked, metadata, fault, memoryMb, localDisks };
}

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
