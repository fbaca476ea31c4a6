import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { replayHost } from '#shared/domain/replay/replay.ts';
import type { Compute } from '#shared/ports.ts';
import { readHostLog } from '#shared/state/read-log.ts';
import { anAggregate, aPolicy, HOST_KEY, type SegmentInput } from '#test/support/builders.ts';
import { type FakeServices, fakeServices } from '#test/support/fakes.ts';
import { Pipeline } from '#test/support/pipeline.ts';

const REASON = 'reserved: rack 2';
let services: FakeServices;
let pipeline: Pipeline;
let spare: string;

/** compute-2 is kept for failures and disabled; the others are free. */
async function start(
  destinations: NonNullable<SegmentInput['destinations']>,
  changed: Partial<Compute> = {},
): Promise<void> {
  const reservedHosts = { names: ['compute-2'] };
  const evacuation = { deadlineSeconds: 1800 };
  const fresh = fakeServices(
    aPolicy({}, { graceSeconds: 0, evacuation, destinations: { reservedHosts, ...destinations } }),
  );
  const { cloud } = fresh;
  cloud.readMs = 1;
  spare = cloud.services.find(({ host }) => host === 'compute-2')?.id ?? '';
  services = { ...fresh, compute: { ...fresh.compute, ...changed } };
  await cloud.compute.disableService(spare, REASON);
  cloud.actions.length = 0;
  pipeline = new Pipeline(services);
  await pipeline.start();
  pipeline.report();
}
beforeEach(() => start({ method: 'reserved_host' }));
afterEach(() => services.state.close());

const reserve = () => services.cloud.actions.filter((action) => /^(enable|disable|join|part)/.test(action));
const service = () => services.cloud.services.find(({ id }) => id === spare);
const facts = async () =>
  (await readHostLog(services.state, HOST_KEY)).incidents.flatMap(({ records }) =>
    records.flatMap(({ fact }) => (fact.type.startsWith('reserved-host') ? [fact] : [])),
  );
const replayed = async () => {
  const { different, undecided } = replayHost(await readHostLog(services.state, HOST_KEY));
  return { different, undecided };
};

describe('a reserved host', () => {
  it('is enabled once for all who go to it, and stays since it is used', async () => {
    await pipeline.run();
    expect(reserve()).toEqual(['enable']);
    expect(services.cloud.servers.map(({ host }) => host)).toEqual(Array(3).fill('compute-2'));
    expect(service()).toMatchObject({ status: 'enabled', disabledReason: null });
    expect(await facts()).toMatchObject([
      { type: 'reserved-host-intended', act: 'enable', reason: REASON },
      { type: 'reserved-host-answered', act: 'enable', answer: 'accepted' },
      { type: 'reserved-host-left', because: 'it holds 3 instances by now' },
    ]);
    expect(await replayed()).toEqual({ different: 0, undecided: 0 });
  });

  it('is given back, with its reason, when nothing has come to it', async () => {
    services.cloud.during = (action) => {
      // Their owners delete them, just when there is a host for them.
      if (action.startsWith('enable')) services.cloud.servers = [];
    };
    await pipeline.run();
    expect(reserve()).toEqual(['enable', 'disable']);
    expect(service()).toMatchObject({ status: 'disabled', disabledReason: REASON });
    expect(await replayed()).toEqual({ different: 0, undecided: 0 });
  });

  it('is not given back when it has had an incident of its own since', async () => {
    services.cloud.during = (action) => {
      if (!action.startsWith('enable')) return;
      services.cloud.servers = [];
      pipeline.report({ data: { host: 'compute-2' } });
    };
    await pipeline.run(300);
    expect(reserve()).toEqual(['enable']);
    expect((await facts()).at(-1)).toMatchObject({ type: 'reserved-host-left' });
    expect(await replayed()).toEqual({ different: 0, undecided: 0 });
  });

  it('is asked for again when nobody knows what became of it, and no more than three times', async () => {
    const lost = async () => ({ kind: 'unknown', error: 'timed out', durationMs: 1 }) as const;
    await start({ method: 'reserved_host' }, { enableService: lost });
    await pipeline.run();
    const told = await facts();
    expect(told.filter(({ type }) => type === 'reserved-host-intended')).toHaveLength(3);
    expect(told.at(-1)).toMatchObject({ type: 'reserved-host-left', because: 'it is disabled already' });
    expect(services.cloud.actions.filter((action) => action.startsWith('evacuate'))).toEqual([]);
    expect(await replayed()).toEqual({ different: 0, undecided: 0 });
  });

  it('that Nova refuses to enable is passed over', async () => {
    const refused = async () =>
      ({ kind: 'refused', httpStatus: 403, message: 'no', requestId: 'req-1', durationMs: 1 }) as const;
    await start({ method: 'rh_priority' }, { enableService: refused });
    await pipeline.run();
    expect(await facts()).toHaveLength(2);
    expect(new Set(services.cloud.servers.map(({ host }) => host))).toEqual(
      new Set(['compute-3', 'compute-4', 'compute-5']),
    );
  });

  it('is asked for again when the function has died behind its intent', async () => {
    let died = false;
    await start(
      { method: 'reserved_host' },
      {
        enableService: (id) => {
          if (died) return services.cloud.compute.enableService(id);
          died = true;
          throw new Error('killed');
        },
      },
    );
    await pipeline.run();
    expect(await facts()).toMatchObject([
      { type: 'reserved-host-intended', act: 'enable' },
      { type: 'reserved-host-answered', answer: 'unknown', detail: 'no answer was recorded' },
      { type: 'reserved-host-intended', act: 'enable' },
      { type: 'reserved-host-answered', answer: 'accepted' },
      { type: 'reserved-host-left' },
    ]);
    expect(services.cloud.servers.map(({ host }) => host)).toEqual(Array(3).fill('compute-2'));
    expect(await replayed()).toEqual({ different: 0, undecided: 0 });
  });

  it('that an operator disables for another reason at the last moment is left alone', async () => {
    await start(
      { method: 'reserved_host' },
      {
        service: async (host) => {
          if (host === 'compute-2') await services.cloud.compute.disableService(spare, 'fan is being replaced');
          return services.cloud.compute.service(host);
        },
      },
    );
    await pipeline.run();
    expect(reserve().filter((action) => action.startsWith('enable'))).toEqual([]);
    expect(await facts()).toEqual([]);
  });

  it('that fails itself at the last moment is left alone', async () => {
    let isReported = false;
    await start(
      { method: 'reserved_host' },
      {
        service: async (host) => {
          if (host === 'compute-2' && !isReported) {
            isReported = true;
            pipeline.report({ data: { host: 'compute-2' } });
            await pipeline.run(1);
          }
          return services.cloud.compute.service(host);
        },
      },
    );
    await pipeline.run(300);
    expect(isReported).toBe(true);
    expect(reserve()).toEqual([]);
  });

  it('joins the aggregates of the failed host first, and leaves them when it is given back', async () => {
    await start({ method: 'reserved_host', joinAggregates: true });
    const { cloud } = services;
    cloud.aggregates = [
      { ...anAggregate('ssd', 'compute-1', 'compute-3'), id: 1 },
      { ...anAggregate('spares', 'compute-2'), id: 2 },
      { ...anAggregate('gpu', 'compute-1'), id: 3 },
    ];
    cloud.during = (action) => {
      if (action.startsWith('enable')) cloud.servers = [];
    };
    await pipeline.run();
    const asked = cloud.actions.filter((action) => /^(join|part|enable|disable)/.test(action));
    expect(asked).toEqual([
      ...['join 1 compute-2', 'join 3 compute-2', 'enable'],
      ...['disable', 'part 1 compute-2', 'part 3 compute-2'],
    ]);
    expect(cloud.aggregates.map(({ hosts }) => hosts)).toEqual([
      ['compute-1', 'compute-3'],
      ['compute-2'],
      ['compute-1'],
    ]);
    expect(await replayed()).toEqual({ different: 0, undecided: 0 });
  });

  it('that is disabled for another reason is left alone', async () => {
    await services.cloud.compute.disableService(spare, 'maintenance');
    services.cloud.actions.length = 0;
    await pipeline.run();
    expect(reserve()).toEqual([]);
  });
});
