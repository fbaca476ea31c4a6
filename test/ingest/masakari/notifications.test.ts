import { describe, expect, it } from 'vitest';
import { aPolicy, aService, iso, NOW_MS, seconds } from '#test/support/builders.ts';
import { type Body, type MasakariWorld, masakariWorld } from './support.ts';

const eventsOf = ({ services }: MasakariWorld) => services.outbox.take().map(({ message }) => message);
const sevenBits = /^[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/;
const anyUuid = /^[0-9a-f]{8}-[0-9a-f]{4}-[1-8][0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/;

describe('a notification', () => {
  it('is answered with 202 as Masakari does, once its event is in the queue', async () => {
    const world = await masakariWorld();
    const answer = await world.notify();
    expect(answer.status).toBe(202);
    expect(answer.body).toEqual({
      notification: {
        id: expect.any(Number),
        notification_uuid: expect.stringMatching(sevenBits),
        generated_time: '2026-11-21T11:59:58.441748',
        source_host_uuid: expect.stringMatching(anyUuid),
        type: 'COMPUTE_HOST',
        payload: { event: 'STOPPED', cluster_status: 'OFFLINE', host_status: 'NORMAL' },
        status: 'new',
        failover_segment_uuid: expect.stringMatching(anyUuid),
        message: null,
        created_at: '2026-11-21T12:00:00.000000',
        updated_at: null,
        deleted_at: null,
        deleted: false,
      },
    });
    expect(Number.isSafeInteger(answer.body.notification.id)).toBe(true);
    expect(eventsOf(world)).toEqual([
      {
        specversion: '1.0',
        id: expect.stringMatching(/^[0-9a-f]{32}$/),
        source: '/masakari/hostmonitor',
        reporter: 'masakari',
        type: 'host.down',
        time: '2026-11-21T11:59:58.441Z',
        data: {
          schemaVersion: 1,
          host: 'compute-1',
          reason: 'STOPPED, host_status NORMAL, cluster_status OFFLINE',
        },
      },
    ]);
  });

  it.each([
    ['a host that started', { payload: { event: 'STARTED', host_status: 'NORMAL' } }, 'host.up', {}],
    [
      'a host of which the power could not be told',
      { payload: { event: 'STOPPED', host_status: 'UNKNOWN' } },
      'host.down',
      { reason: 'STOPPED, host_status UNKNOWN' },
    ],
    [
      'an instance',
      {
        type: 'VM',
        payload: {
          event: 'LIFECYCLE',
          vir_domain_event: 'STOPPED_FAILED',
          instance_uuid: '6F2F5B1E3B5C4B579A0E111111111111',
        },
      },
      'instance.down',
      { instanceId: '6f2f5b1e-3b5c-4b57-9a0e-111111111111', event: 'LIFECYCLE STOPPED_FAILED' },
    ],
    [
      'a process',
      { type: 'PROCESS', payload: { event: 'STOPPED', process_name: 'nova-compute' } },
      'process.down',
      { process: 'nova-compute' },
    ],
    [
      'a process that runs again',
      { type: 'PROCESS', payload: { event: 'STARTED', process_name: 'nova-compute' } },
      'process.up',
      { process: 'nova-compute' },
    ],
  ])('of %s says so in the queue', async (_, changes, type, data) => {
    const world = await masakariWorld();
    expect((await world.notify(changes)).status).toBe(202);
    expect(eventsOf(world)).toMatchObject([{ type, data: { host: 'compute-1', ...data } }]);
  });

  it.each([
    ['2026-11-21T11:59:58', '2026-11-21T11:59:58.000000'],
    ['2026-11-21T11:59:58Z', '2026-11-21T11:59:58.000000'],
    ['2026-11-21 11:59:58.5', '2026-11-21T11:59:58.500000'],
    ['2026-11-21T20:59:58.441748+09:00', '2026-11-21T11:59:58.441748'],
  ])('with the time %s is understood', async (generated_time, shown) => {
    const world = await masakariWorld();
    const { body } = await world.notify({ generated_time });
    expect(body.notification.generated_time).toBe(shown);
  });

  it('is known by a reporter of its user, and by the scope that the policy gives it', async () => {
    const reporters = { 'rack-a': { keystoneUsers: ['masakari@Default'], hosts: ['compute-2'] } };
    const world = await masakariWorld(aPolicy({ reporters }));
    const refused = await world.notify();
    expect(refused.status).toBe(403);
    expect(refused.body.forbidden.message).toContain('it may speak of compute-2 only');
    expect(eventsOf(world)).toEqual([]);
    expect((await world.notify({ hostname: 'compute-2' })).status).toBe(202);
    expect(eventsOf(world)).toMatchObject([{ reporter: 'rack-a' }]);
  });

  it('of a reporter that says too much has to be sent again', async () => {
    const reporters = { flood: { keystoneUsers: ['masakari@Default'], maxEventsPerMinute: 1 } };
    const world = await masakariWorld(aPolicy({ reporters }));
    expect((await world.notify()).status).toBe(202);
    const more = await world.notify({ hostname: 'compute-2' });
    expect(more.status).toBe(429);
    expect(more.headers.get('retry-after')).toBe('10');
  });
});

describe('a duplicate', () => {
  it('is told by its content, within 180 s of what both say was the time', async () => {
    const world = await masakariWorld();
    await world.notify({ generated_time: '2026-11-21T11:50:00.000000' });
    const again = await world.notify({ generated_time: '2026-11-21T11:53:00.000000' });
    expect(again.status).toBe(409);
    expect(again.body).toEqual({
      conflictingRequest: {
        code: 409,
        message: 'Notification received from host compute-1 of type COMPUTE_HOST is duplicate.',
      },
    });
    expect((await world.notify({ generated_time: '2026-11-21T11:53:00.000001' })).status).toBe(202);
  });

  it('is none with another payload, host or type', async () => {
    const world = await masakariWorld();
    await world.notify();
    expect((await world.notify({ payload: { event: 'STOPPED', host_status: 'UNKNOWN' } })).status).toBe(202);
    expect((await world.notify({ hostname: 'compute-2' })).status).toBe(202);
  });

  it('is none from another reporter: its word is needed as well', async () => {
    const reporters = { a: { keystoneUsers: ['masakari@Default'] }, b: { keystoneUsers: ['second@Default'] } };
    const world = await masakariWorld(aPolicy({ reporters }));
    expect((await world.notify()).status).toBe(202);
    expect((await world.notify({ generated_time: '2026-11-21T12:00:08' }, { token: 'second' })).status).toBe(202);
    expect(eventsOf(world)).toMatchObject([{ reporter: 'a' }, { reporter: 'b' }]);
    expect((await world.notify({}, { token: 'second' })).status).toBe(409);
  });

  it.each(['2099-01-01T00:00:00', '2026-11-21T12:01:01', '2001-01-01T00:00:00'])(
    'is none of one whose time is not believed: %s',
    async (generated_time) => {
      const world = await masakariWorld();
      expect((await world.notify({ generated_time })).status).toBe(202);
      expect((await world.notify()).status).toBe(202);
      expect((await world.notify()).status).toBe(409);
    },
  );

  it('is none of what was said more than 180 s later, either', async () => {
    const world = await masakariWorld();
    await world.notify({ generated_time: '2026-11-21T11:59:00.000000' });
    expect((await world.notify({ generated_time: '2026-11-21T11:56:00.000000' })).status).toBe(409);
    expect((await world.notify({ generated_time: '2026-11-21T11:55:59.999999' })).status).toBe(202);
    expect((await world.notify({ generated_time: '2026-11-21T11:59:00.000000' })).status).toBe(409);
  });

  it('of what never came into the queue is none', async () => {
    const world = await masakariWorld();
    world.services.outbox.faults.plan('fails');
    expect((await world.notify()).status).toBe(503);
    expect((await world.notify()).status).toBe(202);
  });

  it('of what is in the queue, but not on record, is put on record', async () => {
    const world = await masakariWorld();
    world.services.state.faults.plan('fails');
    expect((await world.notify()).status).toBe(503);
    expect((await world.notify()).status).toBe(202);
    const [first, second] = eventsOf(world);
    expect(second).toEqual(first);
    expect((await world.ask('GET', '/v1/notifications')).body.notifications).toHaveLength(1);
  });

  it('is told of two at the same moment', async () => {
    const world = await masakariWorld();
    const answers = await Promise.all([world.notify(), world.notify()]);
    expect(answers.map(({ status }) => status).sort()).toEqual([202, 409]);
    expect((await world.ask('GET', '/v1/notifications')).body.notifications).toHaveLength(1);
  });
});

describe('whatever is away', () => {
  it.each([
    ['Keystone', async (world: MasakariWorld) => world.notify({}, { token: 'away' })],
    [
      'the queue',
      async (world: MasakariWorld) => {
        world.services.outbox.faults.plan('fails');
        return world.notify();
      },
    ],
    [
      'Nova, for a host that is not mirrored yet',
      async (world: MasakariWorld) => {
        world.services.cloud.novaIsAway = true;
        return world.notify({ hostname: 'compute-77' });
      },
    ],
  ])('%s: the monitor is to try again', async (_, ask) => {
    const answer = await ask(await masakariWorld());
    expect(answer.status).toBe(503);
    expect(answer.headers.get('retry-after')).toBe('10');
    expect(answer.body.serviceUnavailable.code).toBe(503);
  });
});

describe('a host', () => {
  it('that Nova itself does not know is answered with 400, however many ask for one question to Nova', async () => {
    const world = await masakariWorld();
    let asked = 0;
    const { services } = world.services.compute;
    world.services.cloud.compute.services = () => {
      asked += 1;
      return services();
    };
    const answers = await Promise.all(Array.from({ length: 20 }, (_, n) => world.notify({ hostname: `ghost-${n}` })));
    expect(new Set(answers.map(({ status }) => status))).toEqual(new Set([400]));
    expect(answers[3]?.body.badRequest.message).toBe('Host with name ghost-3 could not be found.');
    expect(asked).toBe(1);
  });

  it('that has just joined Nova is taken before the mirror has it', async () => {
    const world = await masakariWorld();
    const { cloud } = world.services;
    cloud.services = [...cloud.services, aService({ host: 'compute-77' })];
    const { status, body } = await world.notify({ hostname: 'compute-77' });
    expect(status).toBe(202);
    expect(body.notification.failover_segment_uuid).toBeNull();
    expect(eventsOf(world)).toMatchObject([{ data: { host: 'compute-77' } }]);
  });

  it('in no segment is taken, as evidence', async () => {
    const world = await masakariWorld(aPolicy({}, { hosts: { names: ['compute-2'] } }));
    expect((await world.notify()).status).toBe(202);
    world.services.clock.nowMs += seconds(121);
    const { body } = await world.ask('GET', '/v1/notifications');
    expect(body.notifications).toMatchObject([
      {
        status: 'ignored',
        message: 'Recorded as evidence, no segment held the host: "salvor audit compute-1" says more.',
      },
    ]);
  });
});

it('costs one reading and one transaction', async () => {
  const world = await masakariWorld();
  await world.notify({ hostname: 'compute-2' });
  const cost = await world.services.state.counted(() => world.notify());
  expect(cost).toEqual({ reads: 1, writes: 1 });
});

describe('the list', () => {
  /** One each second, of other hosts in turn; every fourth of an instance. */
  async function withMany(count: number): Promise<{ world: MasakariWorld; ids: number[] }> {
    const world = await masakariWorld();
    const ids: number[] = [];
    for (let n = 0; n < count; n += 1) {
      world.services.clock.nowMs = NOW_MS + seconds(n);
      const vm = {
        event: 'LIFECYCLE',
        vir_domain_event: `EVENT_${n}`,
        instance_uuid: '6f2f5b1e-3b5c-4b57-9a0e-111111111111',
      };
      const { status, body } = await world.notify({
        hostname: `compute-${1 + (n % 3)}`,
        generated_time: iso(NOW_MS + seconds(300 * n)),
        ...(n % 4 === 3 ? { type: 'VM', payload: vm } : {}),
      });
      expect(status).toBe(202);
      ids.push(body.notification.id);
    }
    return { world, ids };
  }
  const idsIn = (body: Pick<Body, 'notifications'>) => body.notifications.map(({ id }) => id);

  it('has the newest first, page by page until an empty one, as the openstacksdk reads it', async () => {
    const { world, ids } = await withMany(25);
    expect(ids).toEqual([...ids].sort((a, b) => a - b));
    const pages: number[][] = [];
    for (let marker = ''; ; ) {
      const { status, body } = await world.ask('GET', `/v1/notifications?limit=10${marker}`);
      expect(status).toBe(200);
      pages.push(idsIn(body));
      if (body.notifications.length === 0) break;
      marker = `&marker=${idsIn(body).at(-1)}`;
    }
    expect(pages.map((page) => page.length)).toEqual([10, 10, 5, 0]);
    expect(pages.flat()).toEqual([...ids].reverse());
  });

  it('has the oldest first when asked to', async () => {
    const { world, ids } = await withMany(7);
    const first = await world.ask('GET', '/v1/notifications?limit=3&sort_key=created_at&sort_dir=asc');
    expect(idsIn(first.body)).toEqual(ids.slice(0, 3));
    const rest = await world.ask('GET', `/v1/notifications?sort_key=created_at&sort_dir=asc&marker=${ids[2]}`);
    expect(idsIn(rest.body)).toEqual(ids.slice(3));
  });

  it('is filtered by type, host, status and time', async () => {
    const { world, ids } = await withMany(8);
    const { body } = await world.ask('GET', '/v1/notifications');
    const of = async (query: string) => idsIn((await world.ask('GET', `/v1/notifications?${query}`)).body);
    expect(await of('type=VM')).toEqual([ids[7], ids[3]]);
    const source = body.notifications.at(-1)?.source_host_uuid;
    expect(await of(`source_host_uuid=${source}`)).toEqual([ids[6], ids[3], ids[0]]);
    expect(await of('status=ignored')).toEqual([ids[7], ids[3]]);
    expect(await of('status=nonsense')).toEqual([]);
    const since = encodeURIComponent(iso(NOW_MS + seconds(300 * 6)));
    expect(await of(`generated-since=${since}`)).toEqual([ids[7], ids[6]]);
    expect(await of('limit=0')).toEqual([]);
    expect(await of('status=new&limit=2')).toEqual([ids[6], ids[5]]);
  });

  it.each([
    ['limit=-1', 'Invalid input received: limit must be >= 0'],
    ['limit=many', 'Invalid input received: limit must be an integer'],
    ['sort_key=colour', 'Sort key supplied was not valid.'],
    ['sort_dir=down', "Invalid input received: Unknown sort direction, must be 'asc' or 'desc'"],
    ['sort_key=id&sort_dir=asc&sort_dir=asc', 'Invalid input received: Sort direction size exceeds sort key size'],
    ['marker=4711', 'Marker 4711 could not be found.'],
    ['marker=x', 'Marker x could not be found.'],
    ['marker=x&sort_dir=asc', 'Marker x could not be found.'],
    ['generated-since=yesterday', 'Invalid generated-since value'],
  ])('asked with %s is refused', async (query, message) => {
    const world = await masakariWorld();
    const { status, body } = await world.ask('GET', `/v1/notifications?${query}`);
    expect({ status, body }).toEqual({ status: 400, body: { badRequest: { code: 400, message } } });
  });
});

it.each(['abc', '0190a5f2-1c5d-7000-8000-000000000001', '6f2f5b1e-3b5c-4b57-9a0e-111111111111'])(
  'there is no notification %s',
  async (id) => {
    const world = await masakariWorld();
    const { status, body } = await world.ask('GET', `/v1/notifications/${id}`);
    expect({ status, body }).toEqual({
      status: 404,
      body: { itemNotFound: { code: 404, message: `No notification with id ${id}.` } },
    });
  },
);

it('is found by its own UUID only', async () => {
  const world = await masakariWorld();
  const { body } = await world.notify();
  const { notification_uuid: id } = body.notification;
  expect((await world.ask('GET', `/v1/notifications/${id}`)).body.notification.id).toBe(body.notification.id);
  const other = `${id.slice(0, 24)}ffffffff${id.slice(32)}`;
  expect((await world.ask('GET', `/v1/notifications/${other}`)).status).toBe(404);
});
