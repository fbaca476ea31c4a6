import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { receiveHostEvent } from '#functions/receive-host-event.ts';
import { closedUntouched } from '#shared/domain/reports.ts';
import { ConflictError } from '#shared/errors.ts';
import { recordAnswer } from '#shared/shell/request-evacuation.ts';
import { commitHost } from '#shared/shell/step.ts';
import { loadHost } from '#shared/state/hosts.ts';
import { readAudit } from '#shared/state/read-audit.ts';
import { loadTasks } from '#shared/state/tasks.ts';
import { loadTokens } from '#shared/state/tokens.ts';
import { anEvent, aPolicy, aSegment, HOST_KEY } from '#test/support/builders.ts';
import { aRecord, type FakeServices, fakeServices } from '#test/support/fakes.ts';
import { Pipeline } from '#test/support/pipeline.ts';

const policy = aPolicy({}, { graceSeconds: 30 });
let services: FakeServices;
let pipeline: Pipeline;

beforeEach(async () => {
  services = fakeServices(policy);
  pipeline = new Pipeline(services);
  await pipeline.start();
});
afterEach(() => services.state.close());

/** While that action is under way, another reporter speaks of the host, and its report is committed first. */
function reportDuring(action: string, type: 'host.down' | 'host.up'): void {
  let source = 0;
  services.cloud.during = async (current) => {
    if (current !== action || source > 0) return;
    source += 1;
    const event = anEvent({ type, source: `/monitor/late-${source}`, atMs: services.clock.now() });
    await receiveHostEvent.handle(services, [aRecord(event, { sentAtMs: services.clock.now() })]);
  };
}

async function factsOf(type: string): Promise<number> {
  const { streams } = await readAudit(services.state, policy.cloud);
  return [...streams.values()].flatMap(({ records }) => records).filter(({ fact }) => fact.type === type).length;
}

describe('a report that is committed while its host is powered off', () => {
  beforeEach(() => reportDuring('power-off', 'host.down'));

  it('does not keep the host from being recovered, nor have it powered off twice', async () => {
    pipeline.report();
    await pipeline.run();
    expect(services.cloud.count('power-off')).toBe(1);
    expect((await loadHost(services.state, HOST_KEY))?.value.lastIncident?.outcome).toBe('recovered');
  });

  it('does not lose what the device answered (A1)', async () => {
    pipeline.report();
    await pipeline.run();
    expect(await factsOf('power-off-answered')).toBe(1);
  });

  it('does not leave the host to the sweep', async () => {
    pipeline.sweeps = false;
    pipeline.report();
    await pipeline.run();
    expect((await loadHost(services.state, HOST_KEY))?.value.lastIncident?.outcome).toBe('recovered');
  });
});

describe('a host that is reported up while its power is read back as off', () => {
  it('is never evacuated on that reading: its power is read again, and its segment is stopped', async () => {
    services.cloud.duringRead = async () => {
      if (services.cloud.power === 'on') return;
      services.cloud.duringRead = () => {};
      await services.clock.sleep(9_000);
      const atMs = services.clock.now();
      const event = anEvent({ type: 'host.heartbeat', source: '/itself', atMs });
      await receiveHostEvent.handle(services, [aRecord(event, { sentAtMs: atMs })]);
    };
    pipeline.report();
    await pipeline.run();
    expect((await loadHost(services.state, HOST_KEY))?.value.incident?.status).toBe('stopped');
    expect(services.cloud.actions.filter((action) => action.startsWith('evacuate'))).toEqual([]);
  });
});

describe('an answer that comes after the incident has ended', () => {
  it.each(['power-off', 'force-down'])('is on record in the stream of the host: %s (A1)', async (action) => {
    services.cloud.during = async (current) => {
      if (current !== action) return;
      services.cloud.during = () => {};
      const host = await loadHost(services.state, HOST_KEY);
      if (host === undefined) throw new Error('the host is known');
      const because = 'dismissed while the request was under way';
      const atMs = services.clock.now();
      await commitHost(services, host, { facts: [closedUntouched(because, atMs, null)], basis: { by: 'gates', atMs } });
    };
    pipeline.report();
    await pipeline.run();
    expect(await factsOf('answered-late')).toBe(1);
    expect(await factsOf(`${action}-answered`)).toBe(0);
    expect(pipeline.deadLetters).toEqual([]);
  });
});

describe('a report that is committed while its host is forced down', () => {
  beforeEach(() => reportDuring('force-down', 'host.down'));

  it('does not lose what Nova answered (A1)', async () => {
    pipeline.report();
    await pipeline.run();
    expect(await factsOf('force-down-answered')).toBe(1);
  });
});

describe('a host that is reported up', () => {
  it('before the end of its grace period is left alone', async () => {
    pipeline.report();
    await pipeline.run(20);
    pipeline.report({ type: 'host.up' });
    await pipeline.run();
    expect(services.cloud.actions).toEqual([]);
    expect((await loadHost(services.state, HOST_KEY))?.value.lastIncident?.outcome).toBe('stood-down');
  });

  it('again and again while its device says off, is never evacuated further, and stops its segment', async () => {
    services.cloud.during = async (action) => {
      if (action !== 'force-down') return;
      services.cloud.during = () => {};
      for (let beat = 1; beat <= 12; beat += 1) {
        await services.clock.sleep(500);
        const sentAtMs = services.clock.now();
        const event = anEvent({ type: 'host.heartbeat', source: '/itself', atMs: sentAtMs });
        await receiveHostEvent.handle(services, [aRecord(event, { sentAtMs })]);
      }
    };
    pipeline.report();
    await pipeline.run();
    expect((await loadHost(services.state, HOST_KEY))?.value.incident?.status).toBe('stopped');
    expect(services.cloud.actions.filter((action) => action.startsWith('evacuate'))).toEqual([]);
  });
});

describe('Nova that goes away in the middle', () => {
  it.each(['power-off', 'force-down'])('of a recovery, at its %s, is waited for', async (action) => {
    services.cloud.during = (current) => {
      if (current === action) services.cloud.novaIsAway = true;
    };
    pipeline.report();
    await pipeline.run(1800);
    services.cloud.during = () => {};
    services.cloud.novaIsAway = false;
    await pipeline.run();
    expect((await loadHost(services.state, HOST_KEY))?.value.lastIncident?.outcome).toBe('recovered');
    expect(services.cloud.doubles).toEqual([]);
  });
});

describe('a look at evacuations', () => {
  it('that comes to its grants when its incident has closed takes no tokens', async () => {
    const { evacuationsFrom } = services.compute;
    let closed = 0;
    Object.assign(services.compute, {
      evacuationsFrom: async (name: string) => {
        const host = await loadHost(services.state, HOST_KEY);
        if (host?.value.incident?.status === 'evacuating') {
          closed += 1;
          const [atMs, because] = [services.clock.now(), 'dismissed while the look was under way'];
          const facts = [closedUntouched(because, atMs, null)];
          await commitHost(services, host, { facts, basis: { by: 'gates', atMs } });
        }
        return evacuationsFrom(name);
      },
    });
    pipeline.report();
    await pipeline.run();
    expect(closed).toBe(1);
    const { name, region } = policy.cloud;
    expect((await loadTokens(services.state, name, region)).value.byIncident).toEqual({});
  });
});

describe('an answer of Nova', () => {
  it('that can not be put on record, as others write the task each time, is shouted about', async () => {
    pipeline.report();
    await pipeline.run();
    const incidentId = (await loadHost(services.state, HOST_KEY))?.value.lastIncident?.id ?? '';
    const [task] = await loadTasks(services.state, incidentId);
    if (task === undefined) throw new Error('an incident has a task');
    services.state.transact = () => Promise.reject(new ConflictError('the task has moved on'));
    const answer = { kind: 'accepted', requestId: 'req-1', durationMs: 1 } as const;
    await recordAnswer(services, task, [], answer, 1, aSegment());
    expect(services.lines.filter(({ level }) => level === 'error')).toEqual([
      {
        level: 'error',
        message: expect.stringMatching(/answer is not on record/),
        fields: { instanceId: task.value.instanceId, incidentId, attempt: 1, answer: 'accepted' },
      },
    ]);
  });
});

describe('a Nova that is away when the power of a host was read', () => {
  it('does not keep from the record what the device told: it may be what became of a power-off (A1)', async () => {
    services.cloud.deaf.add('compute-1');
    pipeline.report();
    await pipeline.run(60);
    services.cloud.deaf.clear();
    services.cloud.novaIsAway = true;
    await pipeline.run(60);
    const { streams } = await readAudit(services.state, policy.cloud);
    const facts = [...streams.values()].flatMap(({ records }) => records).map(({ fact }) => fact);
    expect(facts.slice(-2)).toMatchObject([
      { type: 'power-read', power: 'on' },
      { type: 'fence-failed', because: expect.stringContaining('Nova does not answer') },
    ]);
  });
});
