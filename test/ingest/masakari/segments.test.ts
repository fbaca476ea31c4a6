import { describe, expect, it } from 'vitest';
import { masakariApi } from '#shared/ingest/masakari/app.ts';
import { inForce } from '#shared/shell/policy-in-force.ts';
import { loadGuard } from '#shared/state/guards.ts';
import { readKept } from '#shared/state/read-audit.ts';
import { aPolicy, seconds, uuid } from '#test/support/builders.ts';
import { aCommand } from '#test/support/operator.ts';
import { type Item, type MasakariWorld, masakariWorld, obeying } from './support.ts';

const SEGMENTS = '/v1/segments';
/** `az1` holds compute-1 and compute-2; the others are for segments that are made here. */
const policy = () =>
  aPolicy(
    { masakari: { segmentDefaults: { minHealthyHosts: 1, graceSeconds: 30 } } },
    { hosts: { names: ['compute-1', 'compute-2'] } },
  );
const aSegment = (changes: object = {}) => ({
  segment: { name: 'rack 7', recovery_method: 'auto', service_type: 'COMPUTE', ...changes },
});
const aHost = (changes: object = {}) => ({
  host: { name: 'compute-3', type: 'COMPUTE', control_attributes: 'SSH', ...changes },
});

async function withSegment(changes: object = {}) {
  const world = await masakariWorld(policy());
  obeying(world);
  const made = await world.ask('POST', SEGMENTS, { version: '1.3', body: aSegment(changes) });
  expect(made.status).toBe(201);
  const path = `${SEGMENTS}/${made.body.segment.uuid}`;
  const addHost = async (host: object = {}): Promise<Item> => {
    const added = await world.ask('POST', `${path}/hosts`, { body: aHost(host) });
    expect(added.status).toBe(201);
    return added.body.host;
  };
  return { world, path, segment: made.body.segment, addHost };
}

const segmentsNow = async ({ services }: MasakariWorld) => (await inForce(services)).policy.segments;
const factsOf = async ({ services }: MasakariWorld) =>
  (await readKept(services.state, 'operators')).map(({ record }) => record.fact);

describe('a segment of the policy', () => {
  async function ofPolicy() {
    const world = await masakariWorld(policy());
    obeying(world);
    const { body } = await world.ask('GET', SEGMENTS);
    const [segment] = body.segments;
    if (segment === undefined) throw new Error('the policy has a segment');
    return { world, segment, path: `${SEGMENTS}/${segment.uuid}` };
  }

  it('is shown with the hosts that Nova has in it', async () => {
    const { world, segment, path } = await ofPolicy();
    expect(segment).toMatchObject({ name: 'az1', enabled: true, service_type: 'COMPUTE', recovery_method: 'auto' });
    const { body } = await world.ask('GET', `${path}/hosts?sort_key=name&sort_dir=asc`);
    expect(body.hosts.map(({ name }) => name)).toEqual(['compute-1', 'compute-2']);
    const [first] = body.hosts;
    expect((await world.ask('GET', `${path}/hosts/${first?.uuid}`)).body.host).toEqual(first);
    const { body: told } = await world.notify();
    expect(told.notification).toMatchObject({
      source_host_uuid: first?.uuid,
      failover_segment_uuid: segment.uuid,
    });
  });

  it('is switched off by enabled=false and on again, whatever incident is open', async () => {
    const { world, path } = await ofPolicy();
    const off = await world.ask('PUT', path, { version: '1.2', body: { segment: { enabled: 'False' } } });
    expect(off.status).toBe(200);
    expect(off.body.segment.enabled).toBe(false);
    const guard = await loadGuard(world.services.state, { segment: 'az1' });
    expect(guard.value.disarmed).toMatchObject({ by: 'masakari@Default (Masakari API)' });
    const on = await world.ask('PUT', path, { version: '1.2', body: { segment: { enabled: true } } });
    expect(on.body.segment.enabled).toBe(true);
    expect(await factsOf(world)).toMatchObject([{ command: 'disarm' }, { command: 'arm' }]);
  });

  it('takes a PUT of all that it shows, as the dashboard sends it', async () => {
    const { world, path, segment } = await ofPolicy();
    const { name, description, recovery_method, service_type } = segment;
    const all = { name, description, recovery_method, service_type, enabled: false };
    const { status, body } = await world.ask('PUT', path, { version: '1.2', body: { segment: all } });
    expect({ status, enabled: body.segment.enabled }).toEqual({ status: 200, enabled: false });
  });

  it('says where it is defined when anything else is changed', async () => {
    const { world, path, segment } = await ofPolicy();
    const { body } = await world.ask('GET', `${path}/hosts`);
    const host = body.hosts[0]?.uuid;
    const asked: [string, string, object?][] = [
      ['PUT', path, { segment: { description: 'mine' } }],
      ['DELETE', path],
      ['POST', `${path}/hosts`, aHost()],
      ['PUT', `${path}/hosts/${host}`, { host: { on_maintenance: true } }],
      ['DELETE', `${path}/hosts/${host}`],
    ];
    for (const [method, where, sent] of asked) {
      const answer = await world.ask(method, where, sent === undefined ? {} : { body: sent });
      expect([method, answer.status]).toEqual([method, 409]);
      expect(answer.body.conflictingRequest.message).toContain(`${segment.uuid} is segment az1 of salvor's policy`);
    }
  });

  it.each([
    [
      'was switched off for a while only',
      async (world: MasakariWorld) => {
        const message = aCommand('disarm', { segment: 'az1', forSeconds: 60 });
        await world.services.outbox.send([{ message, delaySeconds: 0 }]);
      },
    ],
    [
      'is off already',
      async (world: MasakariWorld) => {
        await world.services.outbox.send([{ message: aCommand('disarm', { segment: 'az1' }), delaySeconds: 0 }]);
      },
    ],
  ])('stays off by enabled=false until it is armed, though it %s', async (_, before) => {
    const { world, path } = await ofPolicy();
    await before(world);
    world.services.clock.nowMs += seconds(1);
    const body = { segment: { enabled: false } };
    expect((await world.ask('PUT', path, { version: '1.2', body })).body.segment.enabled).toBe(false);
    world.services.clock.nowMs += seconds(61);
    expect((await world.ask('GET', path, { version: '1.2' })).body.segment.enabled).toBe(false);
    expect((await factsOf(world)).filter((fact) => fact.type === 'obeyed')).toHaveLength(2);
  });

  it('stays off by enabled=false though an arm was in the queue before', async () => {
    const { world, path } = await ofPolicy();
    await world.services.outbox.send([{ message: aCommand('disarm', { segment: 'az1' }), delaySeconds: 0 }]);
    const arm = aCommand('arm', { segment: 'az1' });
    world.services.clock.nowMs += seconds(1);
    const { outbox } = world.services;
    const send = outbox.send.bind(outbox);
    // It is obeyed between the look at the switch and the answer.
    outbox.send = async (messages) => {
      outbox.send = send;
      await send([{ message: arm, delaySeconds: 0 }, ...messages]);
    };
    await world.ask('PUT', path, { version: '1.2', body: { segment: { enabled: false } } });
    outbox.send = send;
    expect((await world.ask('GET', path)).body.segment.enabled).toBe(false);
    expect(await factsOf(world)).toMatchObject([{ command: 'disarm' }, { command: 'arm' }, { command: 'disarm' }]);
  });

  it('is switched off before the rest of a PUT is refused', async () => {
    const { world, path } = await ofPolicy();
    const body = { segment: { enabled: false, description: 'mine' } };
    expect((await world.ask('PUT', path, { version: '1.2', body })).status).toBe(409);
    expect((await world.ask('GET', path)).body.segment.enabled).toBe(false);
  });

  it('is not enabled while salvor is disarmed everywhere, and a disarm of its own is not lost in that', async () => {
    const { world, path } = await ofPolicy();
    await world.services.outbox.send([{ message: aCommand('disarm'), delaySeconds: 0 }]);
    expect((await world.ask('GET', path)).body.segment.enabled).toBe(false);
    const on = await world.ask('PUT', path, { version: '1.2', body: { segment: { enabled: true } } });
    expect(on.status).toBe(409);
    await world.ask('PUT', path, { version: '1.2', body: { segment: { enabled: false } } });
    const guard = await loadGuard(world.services.state, { segment: 'az1' });
    expect(guard.value.disarmed).not.toBeNull();
  });

  it('is shown as it was asked for once the queue has the command, and 503 when it does not take it', async () => {
    const world = await masakariWorld(policy());
    const { body } = await world.ask('GET', SEGMENTS);
    const path = `${SEGMENTS}/${body.segments[0]?.uuid}`;
    world.services.outbox.faults.plan('fails');
    const sent = { version: '1.2', body: { segment: { enabled: false } } };
    expect((await world.ask('PUT', path, sent)).status).toBe(503);
    expect((await world.ask('PUT', path, sent)).body.segment.enabled).toBe(false);
    expect(world.services.outbox.take()).toMatchObject([{ message: { type: 'disarm', segment: 'az1' } }]);
  });
});

describe('without masakari.segmentDefaults', () => {
  it('no segment can be made, and nothing is read for it', async () => {
    const world = await masakariWorld();
    const { status, body } = await world.ask('POST', SEGMENTS, { body: aSegment() });
    expect(status).toBe(403);
    expect(body.forbidden.message).toContain('masakari.segmentDefaults');
    expect(await world.services.state.counted(() => inForce(world.services))).toEqual({ reads: 0, writes: 0 });
    expect(await inForce(world.services)).toBe(world.services);
  });
});

describe('a segment that is made here', () => {
  it('protects its hosts from then on, by the defaults of the policy', async () => {
    const { world, addHost } = await withSegment();
    await addHost();
    const [, made] = await segmentsNow(world);
    expect(made).toMatchObject({ graceSeconds: 30, minHealthyHosts: 1, hosts: { names: ['compute-3'] } });
    expect((await world.notify({ hostname: 'compute-3' })).body.notification.failover_segment_uuid).not.toBeNull();
  });

  it('costs one reading of each invocation while nothing changes, and keeps the policy the same', async () => {
    const { world, addHost } = await withSegment();
    await addHost();
    const first = await inForce(world.services);
    const cost = await world.services.state.counted(async () => {
      expect((await inForce(world.services)).policy).toBe(first.policy);
    });
    expect(cost).toEqual({ reads: 1, writes: 0 });
    await addHost({ name: 'compute-4' });
    const again = await inForce(first);
    expect(again.policy.segments[1]?.hosts).toEqual({ names: ['compute-3', 'compute-4'] });
  });

  it('does not hold a host on maintenance, nor after it was removed or its segment deleted', async () => {
    const { world, path, addHost } = await withSegment();
    const host = await addHost();
    const holds = async () => {
      const [, made] = await segmentsNow(world);
      const names = made !== undefined && 'names' in made.hosts ? made.hosts.names : [];
      return names.filter((name) => !made?.except?.includes(name));
    };
    expect(await holds()).toEqual(['compute-3']);
    const put = (on_maintenance: unknown) =>
      world.ask('PUT', `${path}/hosts/${host.uuid}`, { body: { host: { on_maintenance } } });
    expect((await put('True')).body.host.on_maintenance).toBe(true);
    expect(await holds()).toEqual([]);
    expect((await put(false)).body.host.on_maintenance).toBe(false);
    expect(await holds()).toEqual(['compute-3']);
    expect((await world.ask('DELETE', `${path}/hosts/${host.uuid}`)).status).toBe(204);
    expect(await holds()).toEqual([]);
    await addHost();
    expect(await holds()).toEqual(['compute-3']);
    expect((await world.ask('DELETE', path)).status).toBe(204);
    expect(await holds()).toEqual([]);
    expect((await world.ask('GET', path)).status).toBe(404);
  });

  it('is not shown once the policy has no template for it any more', async () => {
    const { world, path } = await withSegment();
    const later = masakariApi({ ...world.services, policy: aPolicy() });
    const ask = async (where: string) => later.request(where, { headers: { 'x-auth-token': 'admin' } });
    expect((await ask(path)).status).toBe(404);
    expect(await (await ask(SEGMENTS)).json()).toMatchObject({ segments: [{ name: 'az1' }] });
  });

  it('lets a name be used again, and never a key', async () => {
    const { world, path } = await withSegment({ name: 'rack-7' });
    await world.ask('DELETE', path);
    const again = await world.ask('POST', SEGMENTS, { body: aSegment({ name: 'rack-7' }) });
    expect(again.status).toBe(201);
    expect(again.body.segment.uuid).not.toBe(path.split('/').at(-1));
    const keys = (await segmentsNow(world)).map(({ name }) => name);
    expect(new Set(keys).size).toBe(3);
    expect(keys).toContain('rack-7');
  });

  it('is switched by enabled from its first moment, without a host', async () => {
    const { world, path, segment } = await withSegment({ enabled: false });
    expect(segment.enabled).toBe(false);
    const on = await world.ask('PUT', path, { version: '1.2', body: { segment: { enabled: true } } });
    expect(on.body.segment.enabled).toBe(true);
  });

  it('has enabled from microversion 1.2 on', async () => {
    const { world, path } = await withSegment();
    const old = await world.ask('PUT', path, { version: '1.1', body: { segment: { enabled: false } } });
    expect(old.status).toBe(400);
    expect(old.body.badRequest.message).toContain("Additional properties are not allowed ('enabled' was unexpected)");
  });

  it('can be renamed and described, in many lines', async () => {
    const { world, path, addHost } = await withSegment();
    await addHost();
    const body = { segment: { name: 'Gestell 7', description: 'one\ntwo' } };
    const { status, body: told } = await world.ask('PUT', path, { body });
    expect({ status, segment: told.segment }).toMatchObject({ status: 200, segment: body.segment });
    expect((await segmentsNow(world)).length).toBe(2);
    expect((await world.ask('GET', `${path}/hosts`)).body.hosts).toHaveLength(1);
  });

  it('keeps its names unique, over the policy as well', async () => {
    const { world, path } = await withSegment();
    for (const name of ['rack 7', 'az1']) {
      const { status, body } = await world.ask('POST', SEGMENTS, { body: aSegment({ name }) });
      expect(status).toBe(409);
      expect(body.conflictingRequest.message).toBe(`Failover segment with name ${name} already exists.`);
    }
    expect((await world.ask('PUT', path, { body: { segment: { name: 'az1' } } })).status).toBe(409);
    expect((await world.ask('PUT', path, { body: { segment: { name: 'rack 7' } } })).status).toBe(200);
  });

  it('takes hosts of Nova only, each once in the whole cloud', async () => {
    const { world, path, addHost } = await withSegment();
    await addHost();
    const other = await world.ask('POST', SEGMENTS, { body: aSegment({ name: 'other' }) });
    const add = (to: string, name: string) => world.ask('POST', `${to}/hosts`, { body: aHost({ name }) });
    const ghost = await add(path, 'ghost');
    expect(ghost.status).toBe(400);
    expect(ghost.body.badRequest.message).toBe('Compute service with name ghost could not be found.');
    for (const name of ['compute-1', 'compute-3']) {
      const twice = await add(`${SEGMENTS}/${other.body.segment.uuid}`, name);
      expect([name, twice.status]).toEqual([name, 409]);
      expect(twice.body.conflictingRequest.message).toBe(`Host with name ${name} already exists.`);
    }
    world.services.cloud.novaIsAway = true;
    world.services.clock.nowMs += seconds(5);
    expect((await add(path, 'compute-99')).status).toBe(503);
  });

  it('does not hold what the policy comes to name later', async () => {
    const { world, addHost } = await withSegment();
    await addHost();
    const later = aPolicy(
      { masakari: { segmentDefaults: { minHealthyHosts: 1 } } },
      { hosts: { names: ['compute-1', 'compute-3'] } },
    );
    const [, made] = (await inForce({ ...world.services, policy: later })).policy.segments;
    expect(made?.except).toEqual(['compute-3']);
  });

  it('is on record with who made and changed it', async () => {
    const { world, path, addHost } = await withSegment();
    const host = await addHost();
    await world.ask('PUT', `${path}/hosts/${host.uuid}`, { body: { host: { reserved: 'yes' } } });
    expect(await factsOf(world)).toMatchObject([
      { type: 'obeyed', command: 'change', by: 'masakari@Default (Masakari API)', said: 'segment "rack 7" was made' },
      { said: 'host compute-3 was added' },
      { said: 'host compute-3: reserved=true' },
    ]);
  });

  it('has no host of another segment', async () => {
    const { world, path, addHost } = await withSegment();
    const host = await addHost();
    const other = await world.ask('POST', SEGMENTS, { body: aSegment({ name: 'other' }) });
    const { uuid: wrong } = other.body.segment;
    const { status, body } = await world.ask('GET', `${SEGMENTS}/${wrong}/hosts/${host.uuid}`);
    expect({ status, message: body.itemNotFound.message }).toEqual({
      status: 404,
      message: `Host '${host.uuid}' under failover_segment '${wrong}' could not be found.`,
    });
    expect((await world.ask('GET', `${path}/hosts/${host.uuid}`)).status).toBe(200);
  });

  it('is changed by two at the same moment one after the other', async () => {
    const { world, path } = await withSegment();
    const names = ['compute-3', 'compute-4', 'compute-5'];
    const answers = await Promise.all(
      names.map((name) => world.ask('POST', `${path}/hosts`, { body: aHost({ name }) })),
    );
    expect(answers.map(({ status }) => status)).toEqual([201, 201, 201]);
    expect((await world.ask('GET', `${path}/hosts`)).body.hosts).toHaveLength(3);
  });

  it('is filtered', async () => {
    const { world, path, addHost } = await withSegment();
    await addHost();
    await addHost({ name: 'compute-4', reserved: true, type: 'GPU' });
    const hosts = async (query: string) =>
      (await world.ask('GET', `${path}/hosts?${query}`)).body.hosts.map(({ name }) => name);
    expect(await hosts('reserved=True')).toEqual(['compute-4']);
    expect(await hosts('reserved=0&on_maintenance=no')).toEqual(['compute-3']);
    expect(await hosts('type=GPU')).toEqual(['compute-4']);
    expect((await world.ask('GET', `${path}/hosts?reserved=maybe`)).status).toBe(400);
    const segments = async (query: string) =>
      (await world.ask('GET', `${SEGMENTS}?${query}`)).body.segments.map(({ name }) => name);
    expect(await segments('recovery_method=rh_priority')).toEqual([]);
    expect(await segments('enabled=True&sort_key=name&sort_dir=asc')).toEqual(['az1', 'rack 7']);
    expect(await segments('service_type=COMPUTE&limit=1')).toEqual(['rack 7']);
  });

  it.each([
    ['POST', SEGMENTS, { segment: { name: 'x', recovery_method: 'prayer', service_type: 'COMPUTE' } }],
    ['POST', SEGMENTS, { segment: { name: ' x', recovery_method: 'auto', service_type: 'COMPUTE' } }],
    ['POST', SEGMENTS, { segment: { recovery_method: 'auto', service_type: 'COMPUTE' } }],
    ['PUT', 'path', { segment: {} }],
    ['PUT', 'path', { segment: { colour: 'red' } }],
    ['POST', 'path/hosts', { host: { name: 'compute-3' } }],
    ['POST', 'path/hosts', aHost({ type: 'not plain' })],
    ['POST', 'path/hosts', aHost({ reserved: 'maybe' })],
  ])('refuses a %s of %s that is not in form', async (method, where, body) => {
    const { world, path } = await withSegment();
    expect((await world.ask(method, where.replace('path', path), { body })).status).toBe(400);
  });

  it.each(['GET', 'PUT', 'DELETE'])('answers a %s of what is not there with 404', async (method) => {
    const { world, path } = await withSegment();
    const body = method === 'PUT' ? { host: { reserved: true } } : undefined;
    expect((await world.ask(method, `${path}/hosts/${uuid(8, 1)}`, { body })).status).toBe(404);
    const segment = method === 'PUT' ? { segment: { name: 'x' } } : undefined;
    expect((await world.ask(method, `${SEGMENTS}/${uuid(8, 1)}`, { body: segment })).status).toBe(404);
  });
});
