import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { STATE_FILE } from '#infra/embedded/state-dir.ts';
import { openSqliteReader } from '#shared/adapters/sqlite/reader.ts';
import { STREAM_OF_OPERATORS } from '#shared/domain/audit.ts';
import type { StateReader } from '#shared/ports.ts';
import { type Audit, readAudit } from '#shared/state/read-audit.ts';
import type { Scene } from './scene.ts';

/**
 * The events and operators' commands that are on record, and how many times each in one stream: what was said of an instance
 * or a process is in its own as well as in its host's.
 */
export function recordedMessages({ streams }: Audit): ReadonlyMap<string, number> {
  const most = new Map<string, number>();
  for (const [name, { records }] of streams) {
    const times = new Map<string, number>();
    for (const { fact } of records) {
      // An incident's stream names the command that released it, too.
      const id = name === STREAM_OF_OPERATORS ? fact.commandId : fact.eventId;
      if (typeof id === 'string') times.set(id, (times.get(id) ?? 0) + 1);
    }
    for (const [id, count] of times) most.set(id, Math.max(count, most.get(id) ?? 0));
  }
  return most;
}

export const auditOf = ({ cloud, cloudName }: Scene, state: StateReader): Promise<Audit> =>
  readAudit(state, { name: cloudName, region: cloud.region });

/** Reads the state file of a process that may be killed or started at any moment. */
export async function withState<T>(stateDir: string, read: (state: StateReader) => Promise<T>): Promise<T> {
  for (let tries = 0; ; tries += 1) {
    try {
      const reader = openSqliteReader(join(stateDir, STATE_FILE));
      try {
        return await read(reader);
      } finally {
        reader.close();
      }
    } catch (error) {
      // A process that starts may hold it for a moment.
      if (tries === 50) throw error;
      await pause(100);
    }
  }
}
