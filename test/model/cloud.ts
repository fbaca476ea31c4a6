import type { ComputeService, Migration, Server } from '#shared/ports.ts';
import { aMigration, aServer, aService, uuid } from '#test/support/builders.ts';
import type { Cloud, RealHost, RealInstance, RealMigration } from './state.ts';

/** How Nova tells of the real things, and what happens to them. All pure. */

export const HEALTHY: RealHost = {
  power: 'on',
  offBeforeMs: null,
  reports: true,
  novaBelieves: true,
  forcedDown: false,
  enabled: true,
  inSegment: true,
  readOffAtMs: null,
  switchedOn: false,
};

export const serviceIdOf = (host: string): string => uuid(2, Number(host.replace(/\D/g, '')));
export const instanceIdOf = (number: number): string => uuid(3, number);

export const hostOf = (cloud: Cloud, host: string): RealHost => {
  const found = cloud.hosts[host];
  if (found === undefined) throw new Error(`there is no host ${host}`);
  return found;
};
export const instanceOf = (cloud: Cloud, id: string): RealInstance => {
  const found = cloud.instances[id];
  if (found === undefined) throw new Error(`there is no instance ${id}`);
  return found;
};

export const seesUp = ({ forcedDown, novaBelieves }: RealHost): boolean => !forcedDown && novaBelieves;

export const servicesOf = (cloud: Cloud): readonly ComputeService[] =>
  Object.entries(cloud.hosts).map(([host, real]) =>
    aService({
      id: serviceIdOf(host),
      host,
      zone: real.inSegment ? 'nova' : 'elsewhere',
      status: real.enabled ? 'enabled' : 'disabled',
      state: seesUp(real) ? 'up' : 'down',
      forcedDown: real.forcedDown,
    }),
  );

export const serverOf = (cloud: Cloud, id: string): Server | undefined => {
  const { host, vmState, taskState } = instanceOf(cloud, id);
  return host === null ? undefined : aServer({ id, name: `vm-${id.slice(-1)}`, host, vmState, taskState });
};

export const serversOn = (cloud: Cloud, host: string): readonly Server[] =>
  Object.keys(cloud.instances).flatMap((id) => {
    const server = serverOf(cloud, id);
    return server?.host === host ? [server] : [];
  });

export const migrationsFrom = (cloud: Cloud, host: string): readonly Migration[] =>
  cloud.migrations
    .filter((each) => each.source === host)
    .map(({ id, instanceId, source, destination, status }) =>
      aMigration({ id, instanceId, sourceHost: source, destinationHost: destination, status }),
    );

export const withHost = (cloud: Cloud, host: string, change: Partial<RealHost>): Cloud => ({
  ...cloud,
  hosts: { ...cloud.hosts, [host]: { ...hostOf(cloud, host), ...change } },
});

export const withInstance = (cloud: Cloud, id: string, change: Partial<RealInstance>): Cloud => ({
  ...cloud,
  instances: { ...cloud.instances, [id]: { ...instanceOf(cloud, id), ...change } },
});

const withGuests = (cloud: Cloud, change: (id: string, instance: RealInstance) => readonly string[]): Cloud => ({
  ...cloud,
  instances: Object.fromEntries(
    Object.entries(cloud.instances).map(([id, instance]) => [id, { ...instance, runsOn: change(id, instance) }]),
  ),
});

/** No power, no guests. */
export function poweredOff(cloud: Cloud, host: string): Cloud {
  const off = withHost(cloud, host, { power: 'off', offBeforeMs: null, reports: false, switchedOn: false });
  return withGuests(off, (_, { runsOn }) => runsOn.filter((each) => each !== host));
}

/** Somebody switches it on: its guests start at once, whatever Nova thinks where they are. */
export function poweredOn(cloud: Cloud, host: string): Cloud {
  const on = withHost(cloud, host, { power: 'on', offBeforeMs: null, switchedOn: true });
  return withGuests(on, (_, instance) =>
    instance.host === host && !instance.runsOn.includes(host) ? [...instance.runsOn, host] : instance.runsOn,
  );
}

export const isUnderWay = (migration: RealMigration): boolean => !migration.over;
/** Nova works on an evacuation of it, or will once a request has come through. */
export const isBusy = (cloud: Cloud, instanceId: string): boolean =>
  cloud.migrations.some((each) => each.instanceId === instanceId && isUnderWay(each)) ||
  cloud.landings.some((each) => each.instanceId === instanceId);

/** Nova takes an evacuate request: from now on a guest may run at the destination, unless that is off. */
export function evacuationBegins(cloud: Cloud, instanceId: string, destination: string, ours = true): Cloud {
  const { host, runsOn } = instanceOf(cloud, instanceId);
  if (host === null) return cloud;
  const id = 1 + Math.max(0, ...cloud.migrations.map((each) => each.id));
  const migration: RealMigration = { id, instanceId, source: host, destination, status: 'accepted', over: false, ours };
  const changed = withInstance(cloud, instanceId, {
    taskState: 'rebuilding',
    runsOn:
      runsOn.includes(destination) || cloud.hosts[destination]?.power === 'off' ? runsOn : [...runsOn, destination],
  });
  return { ...changed, migrations: [...changed.migrations, migration] };
}

/** The next thing that Nova does for an evacuation. It marks the record first, and moves or lets go of the instance then. */
export function evacuationGoesOn(cloud: Cloud, migration: RealMigration, ends: 'done' | 'failed'): Cloud {
  const mark = (change: Partial<RealMigration>): Cloud => ({
    ...cloud,
    migrations: cloud.migrations.map((each) => (each === migration ? { ...each, ...change } : each)),
  });
  const { instanceId, destination, status } = migration;
  const { runsOn } = instanceOf(cloud, instanceId);
  if (status === 'accepted')
    return ends === 'done'
      ? mark({ status: 'done' })
      : withInstance(mark({ status: 'failed' }), instanceId, { runsOn: runsOn.filter((each) => each !== destination) });
  return withInstance(
    mark({ over: true }),
    instanceId,
    status === 'done'
      ? { host: destination, vmState: 'active', taskState: null }
      : { vmState: 'error', taskState: null },
  );
}

/** Its owner deletes it: Nova forgets its evacuations with it. */
export const deleted = (cloud: Cloud, instanceId: string): Cloud => ({
  ...withInstance(cloud, instanceId, { host: null, taskState: null, runsOn: [] }),
  migrations: cloud.migrations.filter((each) => each.instanceId !== instanceId),
});
