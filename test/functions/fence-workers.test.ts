import { beforeEach, describe, expect, it } from 'vitest';
import type { WorkerAnswer, WorkerRequest } from '#events/fence-worker.ts';
import { receiveFenceAnswer } from '#functions/receive-fence-answer.ts';
import { agentDevice } from '#shared/adapters/fencing/agent.ts';
import { fencing } from '#shared/adapters/fencing/registry.ts';
import { workerRestart } from '#shared/adapters/fencing/worker-restart.ts';
import { PermanentError, RetryableError } from '#shared/errors.ts';
import type { WorkerQueues } from '#shared/ports.ts';
import { askingWorkers } from '#shared/shell/ask-worker.ts';
import { loadAnswer } from '#shared/state/fence-answers.ts';
import { uuid } from '#test/support/builders.ts';
import { aRecord, fakeServices } from '#test/support/fakes.ts';

type Services = ReturnType<typeof fakeServices>;
let services: Services;
let sent: { readonly worker: string; readonly request: WorkerRequest }[];
/** What the worker answers to a request, and after which time. */
let answers: (request: WorkerRequest) => { afterMs: number; answer: Partial<WorkerAnswer> } | undefined;
let sending: () => Promise<void>;

const CONFIG = {
  driver: 'agent',
  agent: 'fence_x',
  worker: 'rack-a',
  switches: 'system',
  credentials: 'bmc',
  timeoutSeconds: 10,
  parameters: { ip: '192.0.2.1' },
} as const;

beforeEach(() => {
  services = fakeServices();
  sent = [];
  answers = () => undefined;
  sending = async () => undefined;
});

const answerTo = (id: string, answer: Partial<WorkerAnswer>): WorkerAnswer => ({
  ...{ type: 'worker-answer', version: 1, id, answer: 'unknown', detail: 'said', durationMs: 1 },
  ...answer,
});
const deliver = (answer: WorkerAnswer) => receiveFenceAnswer.handle(services, [aRecord(answer)]);

function workers() {
  const queues: WorkerQueues = {
    send: async (worker, request) => {
      sent.push({ worker, request });
      await sending();
    },
  };
  const due = new Map<string, { atMs: number; answer: WorkerAnswer }>();
  const { clock, state, chance } = services;
  const arriving = async (): Promise<void> => {
    for (const { request } of sent) {
      const planned = answers(request);
      if (planned === undefined || due.has(request.id)) continue;
      due.set(request.id, { atMs: clock.now() + planned.afterMs, answer: answerTo(request.id, planned.answer) });
    }
    for (const { atMs, answer } of due.values()) if (atMs <= clock.now()) await deliver(answer);
  };
  const moving = { now: clock.now, sleep: async (ms: number) => clock.sleep(ms).then(arriving) };
  return askingWorkers({ queues, state, clock: moving, chance });
}

describe('an answer of a fence worker', () => {
  const id = uuid(9, 1);

  it('is laid where whoever asked looks for it, the first one for good', async () => {
    expect(await deliver(answerTo(id, { answer: 'on' }))).toEqual([]);
    expect(await deliver(answerTo(id, { answer: 'off' }))).toEqual([]);
    expect(await loadAnswer(services.state, id)).toMatchObject({ answer: 'on' });
    expect(await loadAnswer(services.state, uuid(9, 2))).toBeUndefined();
  });

  it('comes again when it could not be written', async () => {
    services.state.faults.plan('fails');
    expect(await deliver(answerTo(id, { answer: 'on' }))).toHaveLength(1);
  });
});

describe('who asks a worker', () => {
  const ask = (timeoutMs = 10_000) =>
    workers().ask('rack-a', { type: 'restart-service', host: 'compute-1', service: 'nova-compute' }, timeoutMs);

  it('tells it when it was right to ask, and for how long', async () => {
    const atMs = services.clock.now();
    await ask(2_500);
    expect(sent).toEqual([
      {
        worker: 'rack-a',
        request: {
          ...{ type: 'restart-service', version: 1, host: 'compute-1', service: 'nova-compute' },
          ...{ id: expect.any(String), time: new Date(atMs).toISOString(), validSeconds: 2.5 },
        },
      },
    ]);
  });

  it('is told what was answered to this very request', async () => {
    await deliver(answerTo(uuid(9, 7), { answer: 'off' }));
    answers = () => ({ afterMs: 1_000, answer: { answer: 'accepted', detail: 'done' } });
    const reply = await ask();
    expect(reply).toMatchObject({ answer: 'accepted', detail: 'done' });
    expect(reply.durationMs).toBeGreaterThanOrEqual(1_000);
    expect(reply.durationMs).toBeLessThan(1_500);
  });

  it('knows nothing when there is no answer in time, and stops looking', async () => {
    answers = () => ({ afterMs: 10_500, answer: { answer: 'off' } });
    expect(await ask()).toEqual({
      answer: 'unknown',
      detail: 'no answer of fence worker rack-a within 10 s',
      durationMs: 10_000,
    });
  });

  it('waits for an answer though the queue or the state fail, and says so when none comes', async () => {
    sending = () => Promise.reject(new RetryableError('SQS did not take it'));
    answers = () => ({ afterMs: 500, answer: { answer: 'accepted' } });
    expect(await ask()).toMatchObject({ answer: 'accepted' });
    answers = () => undefined;
    expect(await ask()).toMatchObject({ answer: 'unknown', detail: expect.stringContaining('(SQS did not take it)') });
  });

  it('is told at once when there is no such worker', async () => {
    sending = () => Promise.reject(new PermanentError('there is no queue'));
    const reply = await ask();
    expect(reply).toMatchObject({ answer: 'refused', detail: 'nothing was sent: there is no queue' });
    expect(reply.durationMs).toBeLessThan(1_000);
  });

  it('does not wait longer than the worker for a queue that does not answer', async () => {
    sending = () => new Promise(() => undefined);
    expect(await ask()).toMatchObject({ answer: 'unknown', durationMs: 10_000 });
  });
});

describe('a restart of a service', () => {
  const restart = () => workerRestart(workers()).restart('rack-a', 'compute-1', 'nova-compute');

  it('is asked of the worker that is named, for 15 s', async () => {
    expect(await restart()).toEqual({
      kind: 'unknown',
      detail: 'no answer of fence worker rack-a within 15 s',
      durationMs: 15_000,
    });
    expect(sent).toMatchObject([
      {
        worker: 'rack-a',
        request: { type: 'restart-service', host: 'compute-1', service: 'nova-compute', validSeconds: 15 },
      },
    ]);
  });

  it.each([
    ['accepted', 'restarted'],
    ['refused', 'refused'],
    ['failed', 'failed'],
    ['unknown', 'unknown'],
    ['on', 'unknown'],
    ['off', 'unknown'],
  ] as const)('answered with %s is %s', async (answer, kind) => {
    answers = () => ({ afterMs: 100, answer: { answer } });
    expect(await restart()).toMatchObject({ kind, detail: 'said' });
  });
});

describe('a fence agent', () => {
  it('takes an answer for what it can be to the question', async () => {
    const device = agentDevice(CONFIG, workers());
    const read = async (answer: WorkerAnswer['answer']) => {
      answers = () => ({ afterMs: 100, answer: { answer } });
      return (await device.readPower()).power;
    };
    for (const [answer, power] of Object.entries({ on: 'on', off: 'off', accepted: 'unknown', refused: 'unknown' }))
      expect(await read(answer as WorkerAnswer['answer'])).toBe(power);
    const switched = async (answer: WorkerAnswer['answer']) => {
      answers = () => ({ afterMs: 100, answer: { answer } });
      return [(await device.powerOff(null)).kind, (await device.powerOn(null)).kind];
    };
    for (const [answer, kind] of Object.entries({
      accepted: 'accepted',
      refused: 'refused',
      off: 'unknown',
      on: 'unknown',
      failed: 'unknown',
    }))
      expect(await switched(answer as WorkerAnswer['answer'])).toEqual([kind, kind]);
  });

  it('sends no secret, and the power-off only after the objection was asked', async () => {
    const device = agentDevice(CONFIG, workers());
    await device.powerOff(null, async () => {
      expect(sent).toEqual([]);
      return undefined;
    });
    expect(sent.map(({ request }) => request)).toEqual([
      {
        ...{ type: 'fence', version: 1, action: 'off', agent: 'fence_x', credentials: 'bmc' },
        ...{ parameters: CONFIG.parameters, id: expect.any(String), time: expect.any(String), validSeconds: 10 },
      },
    ]);
  });

  it('is asked to switch on by an action of its own, for no system that is named', async () => {
    const device = agentDevice(CONFIG, workers());
    expect(await device.powerOn(uuid(4, 1))).toMatchObject({ kind: 'refused', durationMs: 0 });
    expect(await device.powerOn(null, async () => 'the switch is off')).toMatchObject({ kind: 'refused' });
    expect(sent).toEqual([]);
    await device.powerOn(null);
    expect(sent).toMatchObject([{ worker: 'rack-a', request: { type: 'fence', action: 'on' } }]);
  });

  it('can be made where there is no queue to its worker, and knows nothing there', async () => {
    const device = await fencing({
      secrets: { get: () => Promise.reject(new Error('no secret is needed')) },
      version: '0',
    }).device(CONFIG);
    expect(await device.readPower()).toMatchObject({
      power: 'unknown',
      detail: 'fence worker rack-a is asked by a running salvor only',
    });
  });
});
