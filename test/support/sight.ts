import type { Sight } from '#shared/domain/settle.ts';
import type { Migration, Server } from '#shared/ports.ts';
import { aMigration, aServer, INSTANCE_ID, NOW_MS } from './builders.ts';

/** What a look shows: the instance is still on the host unless told otherwise; `null` is deleted. */
export interface SightStory {
  readonly migrations?: readonly Partial<Migration>[];
  readonly server?: Partial<Server> | null;
  readonly listed?: boolean;
}

export function aSight({ migrations = [], server = {}, listed = true }: SightStory = {}): Sight {
  const all = migrations.map((each, index) => aMigration({ id: index + 1, ...each }));
  const seen = server === null ? null : aServer(server);
  const here = seen?.host === 'compute-1' ? [[INSTANCE_ID, seen] as const] : [];
  return {
    atMs: NOW_MS,
    evacuationsOf: new Map([[INSTANCE_ID, all]]),
    onHost: listed ? new Map(here) : undefined,
    elsewhere: new Map(listed && here.length === 0 ? [[INSTANCE_ID, seen]] : []),
  };
}
