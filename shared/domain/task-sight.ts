import type { Segment } from './policy.ts';
import { recordServer, serverAgain } from './recorded.ts';
import { type RecordedMigration, type RecordedServer, relevantMigrations, type SeenServer } from './seen.ts';
import type { Sight } from './settle.ts';
import type { TaskState } from './task.ts';

/** What one look at Nova showed of one instance. */
export interface TaskSight {
  readonly evacuations: readonly RecordedMigration[];
  /** On the failed host; null: it is not there. Absent: its instances were not listed. */
  readonly here?: RecordedServer | null;
  /** Where it is by now; null: it was deleted. Absent: nobody asked. */
  readonly elsewhere?: { readonly host: string | null } | null;
}

export function taskSight(
  { instanceId }: TaskState,
  { evacuationsOf, onHost, elsewhere }: Sight,
  segment: Pick<Segment, 'instances' | 'order'>,
): TaskSight {
  const here = onHost?.get(instanceId);
  const away = elsewhere.get(instanceId);
  return {
    evacuations: relevantMigrations(evacuationsOf.get(instanceId) ?? [], away?.host ?? null),
    ...(onHost === undefined ? {} : { here: here === undefined ? null : recordServer(here, segment) }),
    ...(away === undefined ? {} : { elsewhere: away === null ? null : { host: away.host } }),
  };
}

/** The sight again, as far as it is about this instance. */
export function sightAgain(
  { instanceId, name }: Pick<TaskState, 'instanceId' | 'name'>,
  { evacuations, here, elsewhere }: TaskSight,
  atMs: number,
): Sight {
  const server: SeenServer | undefined = here ? serverAgain(here, instanceId, name) : undefined;
  return {
    atMs,
    evacuationsOf: new Map([[instanceId, evacuations.map((each) => ({ ...each, instanceId }))]]),
    onHost: here === undefined ? undefined : new Map(server === undefined ? [] : [[instanceId, server]]),
    elsewhere: new Map(elsewhere === undefined ? [] : [[instanceId, elsewhere]]),
  };
}
