import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { PermanentError } from '#shared/errors.ts';
import type { Compute, Migration, NeededService, Server } from '#shared/ports.ts';
import { tellsHealth } from './compute-health.ts';
import { actsOnSingles } from './compute-singles.ts';

/** A cloud behind the port, and what a test does to it by other ways. */
export interface ComputeContractCloud {
  /** With the rights of an administrator. */
  readonly compute: Compute;
  /** The same Nova, asked by a plain tenant. */
  readonly asMember: Compute;
  /** Service host names of all compute hosts, four at least, all up, enabled and empty. The first one dies. */
  readonly hosts: readonly string[];
  /** Resolves with the instances' ids once they are ACTIVE; their root disk is a copy of an image on the host. */
  boot(count: number, host: string): Promise<readonly string[]>;
  /** One instance with an ephemeral disk and swap. */
  bootWithLocalDisks(host: string): Promise<string>;
  /** One instance whose root disk is a volume. Absent where there are no volumes. */
  readonly bootFromVolume?: (host: string) => Promise<string>;
  /** One instance of a server group that keeps its members apart. */
  bootInGroup(host: string): Promise<string>;
  /** Silences a service until the answer is called. Absent where that can't be had. */
  readonly silence?: (service: NeededService) => () => void;
  pause(serverId: string): Promise<void>;
  stop(serverId: string): Promise<void>;
  /** An image that can be used, with what Nova writes on one that it makes of the instance: younger than the one before. @returns its id */
  snapshot(serverId: string): Promise<string>;
  /** A port of an instance that is bound to the host. Absent where that can't be had. */
  readonly addPort?: (serverId: string, host: string, vnicType: string) => Promise<void>;
  /** Starts a live migration that goes on during the test. Absent where that can't be had. */
  readonly startLiveMigration?: (serverId: string) => Promise<void>;
  /** A live migration that is asked for goes on during the test; else it ends within seconds. */
  readonly hasLongLiveMigrations?: boolean;
  /** Cuts the host's power: its nova-compute and its guests end. */
  killHost(host: string): Promise<void>;
  /** Gives a killed host its power back: its nova-compute starts. */
  startHost(host: string): Promise<void>;
  close(): Promise<void>;
}

const SETUP_MS = 10 * 60_000;
/** A real Nova evacuates an instance in seconds. */
const PATIENCE = { timeout: 120_000, interval: 100 };

/** What every adapter of the port `Compute` does. The tests go in order: the host is alive, then dead, then empty. */
export function defineComputeContract(name: string, make: () => Promise<ComputeContractCloud>): void {
  describe(`Compute contract: ${name}`, { timeout: SETUP_MS }, () => {
    let made: Prepared;
    beforeAll(async () => {
      made = await prepare(await make());
    }, SETUP_MS);
    afterAll(() => made?.cloud.close(), SETUP_MS);

    describe('reads', () => reads(() => made));
    describe('health', () => tellsHealth(() => made.cloud));
    describe('while the host is up', () => whileUp(() => made));
    describe('planned work', () => inMaintenance(() => made));
    describe('single instances', () => actsOnSingles(() => made.cloud));
    describe('once the host is dead', () => onceDead(() => made));
    describe('the way back', () => theWayBack(() => made));
  });
}

interface Prepared {
  readonly cloud: ComputeContractCloud;
  readonly compute: Compute;
  readonly dying: string;
  readonly others: readonly [string, string, string];
  /** Instances on the dying host, one for each thing to try. */
  readonly plain: string;
  readonly stopped: string;
  readonly placed: string;
  readonly paused: string;
  readonly withDisks: string;
}

async function prepare(cloud: ComputeContractCloud): Promise<Prepared> {
  const [dying, second, third, fourth] = cloud.hosts;
  if (dying === undefined || second === undefined || third === undefined || fourth === undefined)
    throw new Error('the contract needs four hosts');
  const [plain = '', stopped = '', placed = '', paused = ''] = await cloud.boot(4, dying);
  const withDisks = await cloud.bootWithLocalDisks(dying);
  await cloud.pause(paused);
  return {
    cloud,
    compute: cloud.compute,
    dying,
    others: [second, third, fourth],
    plain,
    stopped,
    placed,
    paused,
    withDisks,
  };
}

async function existing(compute: Compute, id: string): Promise<Server> {
  const server = await compute.server(id);
  if (server === undefined) throw new Error(`there is no instance ${id}`);
  return server;
}

/** Evacuations of this run's instances: a cloud remembers those of earlier runs. */
async function evacuated({
  compute,
  dying,
  plain,
  stopped,
  placed,
  paused,
  withDisks,
}: Prepared): Promise<readonly Migration[]> {
  const own = [plain, stopped, placed, paused, withDisks];
  return (await compute.evacuationsFrom(dying)).filter(({ instanceId }) => own.includes(instanceId));
}

async function newestOf(compute: Compute, host: string, instanceId: string): Promise<Migration | undefined> {
  const own = (await compute.evacuationsFrom(host)).filter((migration) => migration.instanceId === instanceId);
  return own.sort((a, b) => b.id - a.id)[0];
}

function reads(made: () => Prepared): void {
  it('lists each compute service, and finds one by its host', async () => {
    const { compute, cloud, dying } = made();
    const services = await compute.services();
    expect(services.map(({ host }) => host).sort()).toEqual([...cloud.hosts].sort());
    for (const service of services)
      expect(service).toMatchObject({ status: 'enabled', state: 'up', forcedDown: false });
    expect(new Set(services.map(({ id }) => id)).size).toBe(cloud.hosts.length);
    expect((await compute.service(dying))?.id).toBe(services.find(({ host }) => host === dying)?.id);
    expect(await compute.service('nowhere')).toBeUndefined();
  });

  it('tells the capacity of each service host', async () => {
    const { compute, cloud, dying, others } = made();
    const hypervisors = await compute.hypervisors();
    expect(hypervisors.map(({ serviceHost }) => serviceHost).sort()).toEqual([...cloud.hosts].sort());
    for (const each of hypervisors) expect(each.memoryMb).toBeGreaterThan(each.memoryUsedMb);
    const used = async (host: string) =>
      (await compute.hypervisors()).find(({ serviceHost }) => serviceHost === host)?.vcpusUsed;
    // A cloud with a past may still count what was there: five more than on a host that has none of them.
    const more = async () => ((await used(dying)) ?? 0) - ((await used(others[2])) ?? 0);
    await expect.poll(() => used(dying), PATIENCE).toBeGreaterThanOrEqual(5);
    await expect.poll(more, PATIENCE).toBeGreaterThan(0);
  });

  it('lists aggregates with their hosts', async () => {
    const aggregates = await made().compute.aggregates();
    expect(aggregates.length).toBeGreaterThan(0);
    for (const { hosts } of aggregates) for (const host of hosts) expect(made().cloud.hosts).toContain(host);
  });

  it('lists the instances of one host, of all projects', async () => {
    const { compute, dying, others, plain, stopped, placed, paused, withDisks } = made();
    const servers = await compute.serversOn(dying);
    expect(servers.map(({ id }) => id).sort()).toEqual([plain, stopped, placed, paused, withDisks].sort());
    const {
      name: _name,
      projectId: _project,
      pinnedZone = null,
      imageProperties = {},
      ...rest
    } = servers.find(({ id }) => id === plain) ?? (await existing(compute, plain));
    expect(rest).toEqual({
      id: plain,
      host: dying,
      status: 'ACTIVE',
      vmState: 'active',
      taskState: null,
      powerState: 1,
      locked: false,
      metadata: {},
      fault: null,
      memoryMb: expect.any(Number),
      vcpus: 1,
      flavorName: 'tiny',
      extraSpecs: {},
      addresses: [],
      imageId: expect.any(String),
      localDisks: { root: true, ephemeralGb: 0, swapMb: 0, vtpm: false },
    });
    expect(pinnedZone).toBeNull();
    // Only a Nova from 2025.1 on tells them.
    expect(Object.values(imageProperties).every((value) => typeof value === 'string')).toBe(true);
    expect(await compute.serversOn(others[2])).toEqual([]);
    expect(await compute.serversOn('nowhere')).toEqual([]);
  });

  it('tells one instance, or that there is none', async () => {
    const { compute, dying, paused } = made();
    expect(await compute.server(paused)).toMatchObject({ host: dying, status: 'PAUSED', vmState: 'paused' });
    expect(await compute.server(randomUUID())).toBeUndefined();
  });

  it('tells local disks', async () => {
    const { compute, cloud, withDisks, others } = made();
    const { localDisks } = await existing(compute, withDisks);
    expect(localDisks.root).toBe(true);
    expect(localDisks.ephemeralGb).toBeGreaterThan(0);
    expect(localDisks.swapMb).toBeGreaterThan(0);
    if (cloud.bootFromVolume === undefined) return;
    const onVolume = await cloud.bootFromVolume(others[0]);
    expect((await existing(compute, onVolume)).localDisks).toEqual({
      root: false,
      ephemeralGb: 0,
      swapMb: 0,
      vtpm: false,
    });
  });

  it('tells what the image of an instance says, or that there is none', async () => {
    const { compute, plain } = made();
    const { imageId } = await existing(compute, plain);
    const image = await compute.image(imageId ?? '');
    expect(image).toEqual({ id: imageId, tags: [], properties: expect.objectContaining({ os_distro: 'mini' }) });
    expect(image?.properties).not.toHaveProperty('tags');
    expect(await compute.image(randomUUID())).toBeUndefined();
  });

  it('lists the server groups of all projects with their members', async () => {
    const { compute, cloud, others } = made();
    const member = await cloud.bootInGroup(others[1]);
    const groups = await compute.serverGroups();
    const group = groups.find(({ members }) => members.includes(member));
    expect(group).toEqual({
      id: expect.any(String),
      policy: 'anti-affinity',
      maxPerHost: 1,
      members: expect.arrayContaining([member]),
    });
  });

  it('tells unfinished migrations, at both ends', async () => {
    const { compute, cloud, others } = made();
    expect(await compute.unfinishedMigrationsOf(others[2])).toEqual([]);
    if (cloud.startLiveMigration === undefined) return;
    const [moving = ''] = await cloud.boot(1, others[1]);
    await cloud.startLiveMigration(moving);
    await expect.poll(() => compute.unfinishedMigrationsOf(others[1]), PATIENCE).toHaveLength(1);
    const [migration] = await compute.unfinishedMigrationsOf(others[1]);
    expect(migration).toMatchObject({ instanceId: moving, sourceHost: others[1] });
    if (migration?.destinationHost != null)
      expect(await compute.unfinishedMigrationsOf(migration.destinationHost)).toEqual([migration]);
    expect(await compute.evacuationsFrom(others[1])).toEqual([]);
  });

  it('refuses a plain tenant for good', async () => {
    const { asMember } = made().cloud;
    await expect(asMember.services()).rejects.toBeInstanceOf(PermanentError);
    await expect(asMember.evacuationsFrom(made().dying)).rejects.toBeInstanceOf(PermanentError);
  });
}

function whileUp(made: () => Prepared): void {
  it('disables a service for a reason, and enables it again', async () => {
    const { compute, others } = made();
    const service = () => compute.service(others[2]);
    const id = (await service())?.id ?? '';
    const accepted = { kind: 'accepted', requestId: expect.stringMatching(/^req-/) };
    for (const _ of [1, 2]) expect(await compute.disableService(id, 'kept for failures')).toMatchObject(accepted);
    expect(await service()).toMatchObject({
      ...{ status: 'disabled', disabledReason: 'kept for failures' },
      ...{ state: 'up', forcedDown: false },
    });
    for (const _ of [1, 2]) expect(await compute.enableService(id)).toMatchObject(accepted);
    expect(await service()).toMatchObject({ status: 'enabled', disabledReason: null, state: 'up' });
    expect(await compute.enableService(randomUUID())).toMatchObject({ kind: 'refused', httpStatus: 404 });
  });

  it('takes a host out of an aggregate, and back in', async () => {
    const { compute } = made();
    // Out of a zone Nova lets no host that holds instances.
    const aggregate = (await compute.aggregates()).find(
      (each) => each.availabilityZone === null && each.hosts.length > 0,
    );
    const { id = 0, hosts: [host = ''] = [] } = aggregate ?? {};
    const members = async () => (await compute.aggregates()).find((each) => each.id === id)?.hosts.toSorted();
    const accepted = { kind: 'accepted', requestId: expect.stringMatching(/^req-/) };
    expect(await compute.removeFromAggregate(id, host)).toMatchObject(accepted);
    expect(await members()).toEqual(aggregate?.hosts.filter((each) => each !== host).toSorted());
    expect(await compute.removeFromAggregate(id, host)).toMatchObject({ kind: 'refused', httpStatus: 404 });
    expect(await compute.addToAggregate(id, host)).toMatchObject(accepted);
    expect(await compute.addToAggregate(id, host)).toMatchObject({ kind: 'refused', httpStatus: 409 });
    expect(await members()).toEqual(aggregate?.hosts.toSorted());
    expect(await compute.addToAggregate(2_000_000, host)).toMatchObject({ kind: 'refused', httpStatus: 404 });
    expect(await compute.addToAggregate(id, 'nobody')).toMatchObject({ kind: 'refused', httpStatus: 404 });
  });

  it('refuses to evacuate', async () => {
    const { compute, plain, dying } = made();
    expect(await compute.evacuate(plain, { host: null, end: 'as-it-was' })).toEqual({
      kind: 'refused',
      httpStatus: 400,
      message: `Compute service of ${dying} is still in use.`,
      requestId: expect.stringMatching(/^req-/),
      durationMs: expect.any(Number),
    });
    expect(await evacuated(made())).toEqual([]);
  });

  it('refuses a plain tenant who forces it down', async () => {
    const { compute, cloud, dying } = made();
    const service = await compute.service(dying);
    expect(await cloud.asMember.forceDown(service?.id ?? '')).toMatchObject({ kind: 'refused', httpStatus: 403 });
    expect(await compute.service(dying)).toMatchObject({ forcedDown: false });
  });
}

function inMaintenance(made: () => Prepared): void {
  it('live-migrates, and tells of it by instance', async () => {
    const { compute, cloud, others } = made();
    const [moving = ''] = await cloud.boot(1, others[0]);
    expect(await compute.liveMigrationsOf(moving)).toEqual([]);
    expect(await compute.liveMigrate(moving, { host: others[2] })).toMatchObject({ kind: 'accepted' });
    await expect.poll(() => compute.liveMigrationsOf(moving), PATIENCE).toHaveLength(1);
    expect((await compute.liveMigrationsOf(moving))[0]).toMatchObject({ instanceId: moving, sourceHost: others[0] });
    expect(await compute.liveMigrate(randomUUID(), { host: null })).toMatchObject({ kind: 'refused', httpStatus: 404 });
    expect(await compute.liveMigrate(moving, { host: 'nowhere' })).toMatchObject({ kind: 'refused' });
  });
}

function onceDead(made: () => Prepared): void {
  it('forces the service down, twice as well', async () => {
    const { compute, cloud, dying } = made();
    await cloud.killHost(dying);
    const id = (await compute.service(dying))?.id ?? '';
    const accepted = { kind: 'accepted', requestId: expect.stringMatching(/^req-/), durationMs: expect.any(Number) };
    expect(await compute.forceDown(id)).toEqual(accepted);
    expect(await compute.forceDown(id)).toEqual(accepted);
    expect(await compute.service(dying)).toMatchObject({ state: 'down', forcedDown: true, status: 'enabled' });
    expect(await compute.forceDown(randomUUID())).toMatchObject({ kind: 'refused', httpStatus: 404 });
  });

  it('refuses what cannot be: an unknown instance, an unknown host, the same host', async () => {
    const { compute, dying, plain } = made();
    const evacuate = (id: string, host: string | null) => compute.evacuate(id, { host, end: 'as-it-was' });
    expect(await evacuate(randomUUID(), null)).toMatchObject({ kind: 'refused', httpStatus: 404 });
    expect(await evacuate(plain, 'nowhere')).toMatchObject({
      httpStatus: 404,
      message: 'Compute host nowhere not found.',
    });
    expect(await evacuate(plain, dying)).toMatchObject({
      httpStatus: 400,
      message: "The target host can't be the same one.",
    });
    expect(await evacuated(made())).toEqual([]);
  });

  it('evacuates to a host of the scheduler, in the state it was', async () => {
    const { compute, dying, plain, cloud } = made();
    expect(await compute.evacuate(plain, { host: null, end: 'as-it-was' })).toMatchObject({
      kind: 'accepted',
      requestId: expect.stringMatching(/^req-/),
    });
    // The record is there before the answer: what reconciles an unknown outcome rests on it.
    expect(await newestOf(compute, dying, plain)).toMatchObject({ instanceId: plain, sourceHost: dying });
    await expect.poll(async () => (await newestOf(compute, dying, plain))?.status, PATIENCE).toBe('done');
    const moved = await existing(compute, plain);
    expect(moved).toMatchObject({ status: 'ACTIVE', taskState: null });
    expect(cloud.hosts).toContain(moved.host);
    expect(moved.host).not.toBe(dying);
    expect((await newestOf(compute, dying, plain))?.destinationHost).toBe(moved.host);
  });

  it('evacuates and leaves the instance stopped', async () => {
    const { compute, dying, stopped } = made();
    expect(await compute.evacuate(stopped, { host: null, end: 'stopped' })).toMatchObject({ kind: 'accepted' });
    await expect.poll(async () => (await newestOf(compute, dying, stopped))?.status, PATIENCE).toBe('done');
    await expect.poll(async () => (await existing(compute, stopped)).status, PATIENCE).toBe('SHUTOFF');
  });

  it('evacuates to the host that is asked for', async () => {
    const { compute, dying, placed, others } = made();
    expect(await compute.evacuate(placed, { host: others[0], end: 'as-it-was' })).toMatchObject({ kind: 'accepted' });
    await expect.poll(async () => (await newestOf(compute, dying, placed))?.status, PATIENCE).toBe('done');
    expect(await existing(compute, placed)).toMatchObject({ host: others[0], status: 'ACTIVE' });
    expect(await compute.evacuate(placed, { host: null, end: 'as-it-was' })).toMatchObject({
      kind: 'refused',
      httpStatus: 400,
    });
  });

  it('refuses a paused instance until its state is reset', async () => {
    const { compute, dying, paused } = made();
    expect(await compute.evacuate(paused, { host: null, end: 'stopped' })).toMatchObject({
      kind: 'refused',
      httpStatus: 409,
      message: expect.stringContaining('vm_state paused'),
    });
    expect(await compute.resetStateToActive(paused)).toMatchObject({ kind: 'accepted' });
    expect(await existing(compute, paused)).toMatchObject({ status: 'ACTIVE', vmState: 'active', host: dying });
    expect(await compute.evacuate(paused, { host: null, end: 'stopped' })).toMatchObject({ kind: 'accepted' });
    await expect.poll(async () => (await newestOf(compute, dying, paused))?.status, PATIENCE).toBe('done');
    // From `error` Nova would start it, whatever end is asked for.
    await expect.poll(async () => (await existing(compute, paused)).status, PATIENCE).toBe('SHUTOFF');
  });

  it('tells who is still there', async () => {
    const { compute, dying, withDisks } = made();
    expect((await compute.serversOn(dying)).map(({ id }) => id)).toEqual([withDisks]);
    expect(await evacuated(made())).toHaveLength(4);
  });
}

function theWayBack(made: () => Prepared): void {
  it('does not take a host back whose nova-compute has not started since the evacuations', async () => {
    const { compute, dying } = made();
    const id = (await compute.service(dying))?.id ?? '';
    expect(await compute.forceUp(id)).toMatchObject({
      kind: 'refused',
      httpStatus: 400,
      message: expect.stringContaining(`Unable to force up host ${dying}`),
    });
    expect(await compute.service(dying)).toMatchObject({ state: 'down', forcedDown: true });
  });

  it('takes it back once it has, by then with every evacuation completed', async () => {
    const { compute, cloud, dying } = made();
    const { id = '', lastReportAtMs: before } = (await compute.service(dying)) ?? {};
    await cloud.startHost(dying);
    // Also while it is forced down the service is heard of.
    await expect
      .poll(async () => (await compute.service(dying))?.lastReportAtMs, PATIENCE)
      .toBeGreaterThan(before ?? 0);
    await expect.poll(async () => (await compute.forceUp(id)).kind, PATIENCE).toBe('accepted');
    expect(new Set((await evacuated(made())).map(({ status }) => status))).toEqual(new Set(['completed']));
    await expect.poll(async () => (await compute.service(dying))?.state, PATIENCE).toBe('up');
    expect(await compute.service(dying)).toMatchObject({ forcedDown: false, status: 'enabled' });
    expect(await compute.forceUp(id)).toMatchObject({ kind: 'accepted' });
  });
}
