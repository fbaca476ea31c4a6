import { randomUUID } from 'node:crypto';
import { expect, it } from 'vitest';
import type { Compute, Server } from '#shared/ports.ts';
import type { ComputeContractCloud } from './compute.ts';

/** A real Nova migrates an instance in seconds. */
const PATIENCE = { timeout: 120_000, interval: 100 };
const ACCEPTED = { kind: 'accepted', requestId: expect.stringMatching(/^req-/), durationMs: expect.any(Number) };
const LONG_AGO_MS = 1;
const ANYWHERE = { host: null };

async function until(compute: Compute, id: string, wanted: Partial<Server>): Promise<Server> {
  await expect.poll(() => compute.server(id), PATIENCE).toMatchObject({ taskState: null, ...wanted });
  return (await compute.server(id)) as Server;
}

/** What is asked of single instances, and of a host that lives. Nothing is left behind but instances on the second host. */
export function actsOnSingles(made: () => ComputeContractCloud): void {
  const second = () => made().hosts[1] ?? '';
  const third = () => made().hosts[2] ?? '';

  it('restarts an instance where it is, and finds it on record', async () => {
    const { compute, boot } = made();
    const [id = ''] = await boot(1, second());
    const [created] = await compute.serverActions(id);
    const first = await compute.rebootHard(id);
    expect(first).toEqual(ACCEPTED);
    const requestId = first.kind === 'accepted' ? first.requestId : '';
    const [newest, before] = await compute.serverActions(id);
    expect(newest).toEqual({ action: 'reboot', requestId, userId: expect.stringMatching(/./) });
    expect(before).toEqual(created);
    expect(await until(compute, id, { vmState: 'active' })).toMatchObject({ host: second() });
  });

  it('moves an instance cold, and confirms it', async () => {
    const { compute, boot } = made();
    const [id = ''] = await boot(1, second());
    expect(await compute.confirmResize(id)).toMatchObject({ kind: 'refused', httpStatus: 409 });
    expect(await compute.migrate(id, ANYWHERE)).toEqual(ACCEPTED);
    const there = await until(compute, id, { vmState: 'resized' });
    expect(there.host).not.toBe(second());
    expect(await compute.migrate(id, ANYWHERE)).toMatchObject({ kind: 'refused', httpStatus: 409 });
    expect(await compute.confirmResize(id)).toEqual(ACCEPTED);
    await until(compute, id, { vmState: 'active', host: there.host });
    expect((await compute.serverActions(id)).slice(0, 2).map(({ action }) => action)).toEqual([
      'confirmResize',
      'migrate',
    ]);
  });

  it('moves an instance while it runs', async () => {
    const { compute, boot, hasLongLiveMigrations } = made();
    const [id = ''] = await boot(1, second());
    expect(await compute.liveMigrate(id, ANYWHERE)).toEqual(ACCEPTED);
    expect((await compute.serverActions(id))[0]?.action).toBe('live-migration');
    if (hasLongLiveMigrations) return;
    await expect.poll(async () => (await compute.server(id))?.host, PATIENCE).not.toBe(second());
    await until(compute, id, { vmState: 'active' });
  });

  it('moves an instance cold to the host that it is told', async () => {
    const { compute, boot } = made();
    const [id = ''] = await boot(1, second());
    expect(await compute.migrate(id, { host: third() })).toEqual(ACCEPTED);
    await until(compute, id, { vmState: 'resized', host: third() });
    expect(await compute.confirmResize(id)).toEqual(ACCEPTED);
    await until(compute, id, { vmState: 'active', host: third() });
  });

  it('moves an instance while it runs to the host that it is told', async () => {
    const { compute, boot, hasLongLiveMigrations } = made();
    const [id = ''] = await boot(1, second());
    expect(await compute.liveMigrate(id, { host: third() })).toEqual(ACCEPTED);
    const underWay = async () => (await compute.unfinishedMigrationsOf(third())).map((each) => each.instanceId);
    if (hasLongLiveMigrations) expect(await underWay()).toContain(id);
    else await until(compute, id, { vmState: 'active', host: third() });
  });

  it('moves nothing to a host that is not there, and nothing cold to the one that it is on', async () => {
    const { compute, boot } = made();
    const [id = ''] = await boot(1, second());
    for (const host of ['compute-nowhere', second()])
      expect(await compute.migrate(id, { host })).toMatchObject({ kind: 'refused', httpStatus: 400 });
    expect(await compute.liveMigrate(id, { host: 'compute-nowhere' })).toMatchObject({
      kind: 'refused',
      httpStatus: 400,
    });
    await until(compute, id, { vmState: 'active', host: second() });
  });

  it('tells the snapshots of an instance, the newest first', async () => {
    const { compute, boot, snapshot } = made();
    const [id = '', other = ''] = await boot(2, second());
    const server = (await compute.server(id)) as Server;
    expect(await compute.snapshotsOf(server)).toEqual([]);
    const first = await snapshot(id);
    const newest = await snapshot(id);
    await snapshot(other);
    const found = await compute.snapshotsOf(server);
    expect(found.map((each) => each.id)).toEqual([newest, first]);
    expect(found[0]).toEqual({ id: newest, kind: 'snapshot', createdAtMs: expect.any(Number) });
    expect(await compute.snapshotsOf({ ...server, projectId: 'f'.repeat(32) })).toEqual([]);
  });

  it('tells the ports of the instances of a host, and what they are of it', async (context) => {
    const { compute, boot, hosts, addPort } = made();
    const [id = ''] = await boot(1, second());
    expect((await compute.portsOn(second()))?.filter(({ serverId }) => serverId === id)).toEqual([]);
    if (addPort === undefined) return context.skip();
    await addPort(id, second(), 'normal');
    await addPort(id, second(), 'direct');
    const own = (await compute.portsOn(second()))?.filter(({ serverId }) => serverId === id) ?? [];
    expect(own.map(({ vnicType }) => vnicType).toSorted()).toEqual(['direct', 'normal']);
    expect(own.map(({ isGuaranteed }) => isGuaranteed)).toEqual([false, false]);
    expect((await compute.portsOn(hosts[2] ?? ''))?.filter(({ serverId }) => serverId === id)).toEqual([]);
  });

  it('makes the disk of a stopped instance anew of an image, and leaves it stopped until it is started', async () => {
    const { compute, boot, stop, snapshot } = made();
    const [id = ''] = await boot(1, second());
    await stop(id);
    const imageId = await snapshot(id);
    expect(await compute.rebuild(id, randomUUID())).toMatchObject({ kind: 'refused', httpStatus: 400 });
    expect(await compute.rebuild(id, imageId)).toEqual(ACCEPTED);
    expect((await compute.server(id))?.imageId).toBe(imageId);
    expect((await compute.serverActions(id))[0]?.action).toBe('rebuild');
    await until(compute, id, { vmState: 'stopped', imageId, host: second() });
    expect(await compute.rebootHard(id)).toEqual(ACCEPTED);
    await until(compute, id, { vmState: 'active', imageId, host: second() });
  });

  it('sends nothing that is too late, and is refused for what is not there', async () => {
    const { compute, boot } = made();
    const [id = ''] = await boot(1, second());
    const before = await compute.serverActions(id);
    const imageId = (await compute.server(id))?.imageId ?? '';
    const acts: readonly Compute['rebootHard'][] = [
      compute.rebootHard,
      (of, leaveByMs) => compute.migrate(of, { host: null, leaveByMs }),
      compute.confirmResize,
      (of, leaveByMs) => compute.liveMigrate(of, { host: null, leaveByMs }),
      (of, leaveByMs) => compute.rebuild(of, imageId, leaveByMs),
      compute.resetStateToActive,
    ];
    for (const act of acts) {
      expect(await act(id, LONG_AGO_MS)).toMatchObject({ kind: 'refused', httpStatus: 0 });
      expect(await act(randomUUID())).toMatchObject({ kind: 'refused', httpStatus: 404 });
    }
    expect(await compute.serverActions(id)).toEqual(before);
    expect(await compute.serverActions(randomUUID())).toEqual([]);
  });

  it('takes a host out of the scheduling with a reason, and puts it back', async () => {
    const { compute, asMember } = made();
    const id = (await compute.service(second()))?.id ?? '';
    const disabledReason = 'salvor: process libvirtd down';
    expect(await asMember.disableService(id, disabledReason)).toMatchObject({ kind: 'refused', httpStatus: 403 });
    for (const _ of [1, 2]) expect(await compute.disableService(id, disabledReason)).toEqual(ACCEPTED);
    expect(await compute.service(second())).toMatchObject({ status: 'disabled', disabledReason, state: 'up' });
    for (const _ of [1, 2]) expect(await compute.enableService(id)).toEqual(ACCEPTED);
    expect(await compute.service(second())).toMatchObject({ status: 'enabled', disabledReason: null });
    expect(await compute.enableService(randomUUID())).toMatchObject({ kind: 'refused', httpStatus: 404 });
  });
}
