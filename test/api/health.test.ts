/** salvor's own health by the API: what the doctor finds, who reports, whether the audit is whole. */
import { beforeEach, describe, expect, it } from 'vitest';
import { receiveHostEvent } from '#functions/receive-host-event.ts';
import { healthSchema, reportersSchema, verificationSchema } from '#shared/api/schemas/health.ts';
import { RetryableError } from '#shared/errors.ts';
import type { QueueLook } from '#shared/ports.ts';
import { anEvent, seconds } from '#test/support/builders.ts';
import { aRecord } from '#test/support/fakes.ts';
import { type Asked, asking } from './asked-of-a-pipeline.ts';

let api: Asked;
beforeEach(async () => {
  api = await asking();
});
const health = async () => healthSchema.parse(await (await api.get('doctor')).json());
const reporters = async () => reportersSchema.parse(await (await api.get('reporters')).json());
const verification = async () => verificationSchema.parse(await (await api.get('audit/verification')).json());
const aLook = (changes: Partial<QueueLook> = {}): QueueLook => ({
  ...{ name: 'fence-host', waiting: 0, delayed: 0, inFlight: 0, deadLetters: 0, oldestAtMs: null },
  ...changes,
});

describe('the doctor', () => {
  it('finds what is wrong, where it belongs, and what to do', async () => {
    const first = await health();
    expect(first.symptoms[0]).toMatchObject({ level: 'trouble', what: 'no-beat', says: 'sweep has never run' });
    expect(first.areas.find(({ area }) => area === 'work')).toMatchObject({ level: 'trouble', lastMs: null });
    expect(first.remedies.map(({ what }) => what)).toEqual([...new Set(first.symptoms.map(({ what }) => what))]);
    await api.pipeline.run(120);
    const second = await health();
    expect(second.areas.find(({ area }) => area === 'work')).toMatchObject({ level: 'well' });
    expect(second.hosts).toBe(api.services.cloud.services.length);
  });

  it('sees timers that are lost: an incident whose next step is overdue', async () => {
    await api.pipeline.run(60);
    api.pipeline.report();
    await api.pipeline.run(5);
    api.services.clock.nowMs += seconds(160);
    expect((await health()).symptoms).toContainEqual(
      expect.objectContaining({ what: 'incident', about: 'compute-1', says: expect.stringContaining('overdue') }),
    );
  });

  it('says that it can not look at the queues where this server may not', async () => {
    expect(await health()).toMatchObject({ queues: null });
    expect((await health()).symptoms).toContainEqual(
      expect.objectContaining({ level: 'note', what: 'queue', says: expect.stringContaining('from here') }),
    );
  });

  it('sees queues that are full, old or dead, and a clock that is off', async () => {
    const { nowMs } = api.services.clock;
    const queues = [
      aLook({ waiting: 3, oldestAtMs: nowMs - seconds(300) }),
      aLook({ name: 'host-events', waiting: 1200 }),
      aLook({ name: 'plan-evacuation', deadLetters: 2, oldestAtMs: nowMs - seconds(5) }),
    ];
    api = await asking({}, {}, { queues: { look: async () => ({ queues, clockOffMs: 90_000 }) } });
    const { symptoms, queues: told } = await health();
    expect(told).toEqual(queues);
    const found = symptoms.filter(({ what }) => ['queue', 'dead-letters', 'clock'].includes(what));
    expect(found.map(({ about, says }) => `${about}: ${says}`)).toEqual([
      'fence-host: a message waits for 5 min',
      'host-events: 1200 messages wait',
      'plan-evacuation: 2 lie there: "salvor redrive" shows them',
      'SQS: the clock here is 90 s behind that of SQS',
    ]);
  });

  it('tells of queues that do not answer, and of all the rest', async () => {
    const look = async () => {
      throw new RetryableError('SQS does not answer');
    };
    api = await asking({}, {}, { queues: { look } });
    const { queues, symptoms } = await health();
    expect(queues).toBeNull();
    expect(symptoms.map(({ says }) => says)).toEqual(
      expect.arrayContaining(['SQS does not answer', 'sweep has never run']),
    );
  });
});

describe('reporters', () => {
  it('are told with what they said, what they might not say, and of whom nobody was heard', async () => {
    const trusted = { principals: ['AROAEXAMPLEOWN'] };
    const consul = { awsPrincipals: ['AROAEXAMPLECONSUL'], hosts: ['compute-1'] };
    api = await asking({ reporters: { consul, pacemaker: { token: 'of-pacemaker' } } });
    const senderId = 'AROAEXAMPLECONSUL:i-1';
    const ofOne = aRecord(anEvent({ atMs: api.services.clock.now() }), { senderId });
    const ofOther = aRecord(anEvent({ atMs: api.services.clock.now(), data: { host: 'compute-2' } }), { senderId });
    await receiveHostEvent.handle({ ...api.services, trustedSenders: trusted }, [ofOne, ofOther]);
    const told = await reporters();
    expect(told.reports).toMatchObject([{ reporter: 'consul', host: 'compute-1', says: 'down', remarks: [] }]);
    expect(told.refused).toMatchObject([{ count: 1, subject: expect.stringContaining('consul') }]);
    expect(told.refused[0]).not.toHaveProperty('sample');
    expect(told.unheard).toEqual(['pacemaker']);
    expect(told.coverage).toHaveLength(api.services.cloud.services.length);
    expect(told.coverage.filter(({ heard }) => heard.includes('consul')).map(({ host }) => host)).toEqual([
      'compute-1',
    ]);
  });
});

describe('the audit', () => {
  it('is verified as a whole, once a minute at most', async () => {
    api.pipeline.report();
    await api.pipeline.run(900);
    const told = await verification();
    expect(told).toMatchObject({ findings: [], incidents: 1 });
    expect(told.records).toBeGreaterThan(10);
    const { reads } = await api.services.state.counted(() => api.get('audit/verification'));
    expect(reads).toBe(0);
  });
});

it('is for whoever may look', async () => {
  for (const path of ['doctor', 'reporters', 'audit/verification']) {
    expect((await api.get(path, null)).status).toBe(401);
    expect((await api.get(path, 'cat')).status).toBe(200);
  }
});
