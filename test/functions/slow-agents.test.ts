/** Fence agents that take longer than a function waits: each reading is asked for once, and found by a later step. */
import { afterEach, describe, expect, it } from 'vitest';
import type { FenceRequest, WorkerAnswer, WorkerRequest } from '#events/fence-worker.ts';
import { receiveFenceAnswer } from '#functions/receive-fence-answer.ts';
import { agentDevice, withWorkers } from '#shared/adapters/fencing/agent.ts';
import type { AuditRecord } from '#shared/domain/audit.ts';
import { replayHost } from '#shared/domain/replay/replay.ts';
import type { WorkerQueues } from '#shared/ports.ts';
import { askingWorkers } from '#shared/shell/ask-worker.ts';
import { loadHost } from '#shared/state/hosts.ts';
import { readHostLog } from '#shared/state/read-log.ts';
import { verifyAudit } from '#shared/state/verify-audit.ts';
import { aPolicy, HOST_KEY, type SegmentInput, seconds } from '#test/support/builders.ts';
import { aRecord, type FakeServices, fakeServices } from '#test/support/fakes.ts';
import { Pipeline } from '#test/support/pipeline.ts';

const AGENT = {
  driver: 'agent',
  agent: 'fence_ilo_ssh',
  worker: 'rack-a',
  switches: 'system',
  credentials: 'bmc',
  timeoutSeconds: 60,
  parameters: { ip: '192.0.2.1' },
} as const;

interface Run {
  readonly request: FenceRequest;
  readonly beginsMs: number;
  readonly endsMs: number;
  answered: boolean;
}

/** A worker whose one device takes its time, one run after the other. */
function slowWorker(services: FakeServices, runMs: number) {
  const runs: Run[] = [];
  const { clock, cloud, state, chance } = services;
  const send = async (_: string, request: WorkerRequest): Promise<void> => {
    if (request.type !== 'fence') throw new Error('a restart');
    const beginsMs = Math.max(clock.now(), ...runs.map(({ endsMs }) => endsMs));
    const isLate = beginsMs - Date.parse(request.time) > request.validSeconds * 1000;
    runs.push({ request, beginsMs, endsMs: isLate ? beginsMs : beginsMs + runMs, answered: false });
  };
  const outcomeOf = ({ request, beginsMs, endsMs }: Run): Pick<WorkerAnswer, 'answer' | 'detail'> => {
    if (beginsMs === endsMs) return { answer: 'refused', detail: 'nothing was run: it came late' };
    if (request.action === 'status') return { answer: cloud.power, detail: `Status: ${cloud.power}` };
    cloud.power = request.action;
    return { answer: 'accepted', detail: 'ended well' };
  };
  const arrive = async (): Promise<void> => {
    for (const run of runs) {
      if (run.answered || run.endsMs > clock.now()) continue;
      run.answered = true;
      const { id } = run.request;
      const common = { type: 'worker-answer', version: 1, id, durationMs: run.endsMs - run.beginsMs } as const;
      await receiveFenceAnswer.handle(services, [aRecord({ ...common, ...outcomeOf(run) })]);
    }
  };
  const queues: WorkerQueues = { send };
  const moving = { now: clock.now, sleep: (ms: number) => clock.sleep(ms).then(arrive) };
  const actions = () => runs.map(({ request }) => request.action);
  const asking = (withQuestions = true) =>
    askingWorkers({ queues, state, chance, clock: moving, ...(withQuestions ? { questions: state } : {}) });
  return { runs, actions, arrive, asking };
}

describe('who asks a slow agent', () => {
  const services = () => fakeServices();
  const begin = (runMs: number, fake = services()) => ({ fake, worker: slowWorker(fake, runMs) });

  it('waits for ten seconds, and finds the answer by asking again', async () => {
    const { fake, worker } = begin(25_000);
    const device = agentDevice(AGENT, worker.asking());
    const askedAtMs = fake.clock.now();
    const first = await device.readPower();
    expect(first).toMatchObject({ power: 'unknown', pending: true, durationMs: 10_000 });
    expect(first.detail).toContain(`asked at ${new Date(askedAtMs).toISOString()}, and has not answered`);
    expect(await device.readPower()).toMatchObject({ power: 'unknown', pending: true });
    const answered = await device.readPower();
    expect(answered).toMatchObject({ power: 'on', detail: 'Status: on', askedAtMs });
    expect(answered).not.toHaveProperty('pending');
    expect(worker.runs.map(({ request }) => request)).toMatchObject([{ validSeconds: 10, runSeconds: 60 }]);
  });

  it('uses an answer once', async () => {
    const { fake, worker } = begin(1_000);
    const device = agentDevice(AGENT, worker.asking());
    expect(await device.readPower()).toMatchObject({ power: 'on' });
    await fake.clock.sleep(1_000);
    const askedAtMs = fake.clock.now();
    expect(await device.readPower()).toMatchObject({ power: 'on', askedAtMs });
    expect(worker.actions()).toEqual(['status', 'status']);
  });

  it('asks anew once no answer can come any more, and takes none that does', async () => {
    const { fake, worker } = begin(500_000);
    const device = agentDevice(AGENT, worker.asking());
    await device.readPower();
    await fake.clock.sleep(seconds(64));
    const last = await device.readPower();
    expect(last).toMatchObject({ power: 'unknown', durationMs: 1_000 });
    expect(last).not.toHaveProperty('pending');
    await device.readPower();
    expect(worker.actions()).toEqual(['status', 'status']);
  });

  it('does not take what was read before a power-off for what came of it', async () => {
    const { worker } = begin(15_000);
    const device = agentDevice(AGENT, worker.asking());
    await device.readPower();
    expect(await device.powerOff(null)).toMatchObject({ kind: 'unknown', durationMs: 10_000 });
    await device.readPower();
    expect(worker.actions()).toEqual(['status', 'off', 'status']);
  });

  it('finds an answer that has come since, and says so once when none has', async () => {
    const { fake, worker } = begin(25_000);
    const device = agentDevice(AGENT, worker.asking());
    const askedAtMs = fake.clock.now();
    await device.readPower();
    await fake.clock.sleep(seconds(120));
    await worker.arrive();
    expect(await device.readPower()).toMatchObject({ power: 'on', askedAtMs, durationMs: 0 });
    await device.readPower();
    await fake.clock.sleep(seconds(120));
    const silent = await device.readPower();
    expect(silent).toMatchObject({ power: 'unknown', durationMs: 0 });
    expect(silent).not.toHaveProperty('pending');
    await device.readPower();
    await fake.clock.sleep(seconds(300));
    await device.readPower();
    expect(worker.actions()).toEqual(['status', 'status', 'status', 'status']);
  });

  it('is one with another who asks the same: the agent runs once', async () => {
    const { worker } = begin(15_000);
    await agentDevice(AGENT, worker.asking()).readPower();
    await agentDevice({ ...AGENT, parameters: { ip: '192.0.2.2' } }, worker.asking()).readPower();
    expect(await agentDevice(AGENT, worker.asking()).readPower()).toMatchObject({ power: 'on' });
    expect(worker.runs).toHaveLength(2);
  });

  it('sends nothing that it can’t keep, and says so', async () => {
    const { fake, worker } = begin(1_000);
    fake.state.faults.plan('fails');
    const device = agentDevice(AGENT, worker.asking());
    expect(await device.readPower()).toMatchObject({
      power: 'unknown',
      detail: expect.stringContaining('nothing was sent'),
    });
    expect(worker.runs).toEqual([]);
  });

  it('waits as long as it takes where nothing can be kept: a person asks', async () => {
    const { worker } = begin(40_000);
    const device = agentDevice(AGENT, worker.asking(false));
    expect(await device.readPower()).toMatchObject({ power: 'on' });
    expect(await device.powerOff(null)).toMatchObject({ kind: 'accepted' });
  });
});

describe('a host behind a slow agent', () => {
  let services: FakeServices;
  let pipeline: Pipeline;
  let worker: ReturnType<typeof slowWorker>;

  async function fail(runMs: number, graceSeconds = 30, more: Partial<SegmentInput> = {}): Promise<void> {
    const fencing = { proofMaxAgeSeconds: 240 };
    const fenceDevices = { 'compute-1': AGENT };
    const fake = fakeServices(aPolicy({ fenceDevices, observer: { devices: 0 } }, { graceSeconds, fencing, ...more }));
    worker = slowWorker(fake, runMs);
    services = { ...fake, fencing: withWorkers(fake.fencing, worker.asking()) };
    pipeline = new Pipeline(services);
    await pipeline.start();
    pipeline.report();
  }
  const factsOf = async (...types: string[]) => {
    const host = (await loadHost(services.state, HOST_KEY))?.value;
    const id = host?.incident?.id ?? host?.lastIncident?.id ?? '';
    const { items } = await services.state.queryAudit(`incident#${id}`);
    return items.map((item) => (item.body as unknown as AuditRecord).fact).filter(({ type }) => types.includes(type));
  };

  afterEach(async () => {
    expect((await verifyAudit(services.state, services.clock)).findings).toEqual([]);
    const { decisions } = replayHost(await readHostLog(services.state, HOST_KEY));
    expect(decisions.filter(({ difference, cannot }) => difference !== null || cannot !== null)).toEqual([]);
    services.state.close();
  });

  it.each([
    [12, 60],
    [25, 120],
    [50, 240],
  ])('is fenced by one power-off and recovered, when a run takes %d s: within %d s', async (runSeconds, within) => {
    await fail(seconds(runSeconds));
    await pipeline.run();
    const offs = worker.runs.filter(({ request }) => request.action === 'off');
    expect(offs).toHaveLength(1);
    const [confirmed, proof] = await factsOf('confirmed', 'proof-made');
    expect((Number(proof?.atMs) - Number(confirmed?.atMs)) / 1000).toBeLessThan(within);
    const read = worker.runs.filter(
      ({ request, endsMs, beginsMs }) => request.action === 'status' && endsMs > beginsMs,
    );
    const readAtMs = (proof as { proof?: { readAtMs: number } } | undefined)?.proof?.readAtMs ?? 0;
    // The proof is of a reading that began when the power-off had ended.
    const [proving] = read.filter(({ request }) => Date.parse(request.time) === readAtMs);
    expect(proving?.beginsMs).toBeGreaterThanOrEqual(offs[0]?.endsMs ?? Number.POSITIVE_INFINITY);
    expect((await loadHost(services.state, HOST_KEY))?.value.lastIncident?.outcome).toBe('recovered');
  });

  it('is asked anew when the answer is to a question from before its incident', async () => {
    await fail(12_000, 1);
    services.cloud.power = 'off';
    await services.fencing.device(AGENT).then((device) => device.readPower());
    await pipeline.run();
    expect(await factsOf('fence-failed')).toMatchObject([
      { because: 'its power was asked for before the incident was opened' },
      { because: expect.stringContaining('has not answered') },
    ]);
    const opened = (await factsOf('incident-opened'))[0] as { atMs?: number } | undefined;
    const proofs = (await factsOf('proof-made')) as { proof?: { readAtMs: number } }[];
    for (const { proof } of proofs) expect(proof?.readAtMs).toBeGreaterThanOrEqual(opened?.atMs ?? 0);
  });

  it('is asked anew when the answer is to a question from before it was confirmed down: it is on again', async () => {
    await fail(12_000, 60);
    await pipeline.run(1);
    const { clock, cloud, fencing } = services;
    await clock.sleep(seconds(40));
    cloud.power = 'off';
    await fencing.device(AGENT).then((device) => device.readPower());
    await clock.sleep(seconds(3));
    await worker.arrive();
    cloud.power = 'on';
    await pipeline.run();
    const [confirmed] = (await factsOf('confirmed')) as { atMs?: number }[];
    expect((await factsOf('power-read'))[0]).toMatchObject({ power: 'off', askedAtMs: expect.any(Number) });
    expect((await factsOf('fence-failed'))[0]).toMatchObject({
      because: 'its power was asked for before the host was confirmed down',
    });
    const proofs = (await factsOf('proof-made')) as { proof?: { readAtMs: number } }[];
    expect(proofs).not.toEqual([]);
    for (const { proof } of proofs) expect(proof?.readAtMs).toBeGreaterThan(confirmed?.atMs ?? 0);
    expect(worker.actions()).toContain('off');
  });

  it('is switched on again only once its power-off can’t run any more', async () => {
    const hostReturn = { mode: 'automatic', powerOn: 'after-evacuations' } as const;
    await fail(12_000, 30, { hostReturn, evacuation: { settleSeconds: 1 } });
    await pipeline.run(1200);
    const [intended] = (await factsOf('power-off-intended')) as { mayRunUntilMs?: number }[];
    const log = await services.state.queryAudit(`host#${HOST_KEY}`);
    const facts = log.items.map((item) => (item.body as unknown as AuditRecord).fact);
    const on = facts.find(({ type }) => type === 'power-on-intended') as
      | { atMs?: number; checks?: object[] }
      | undefined;
    expect(on?.atMs).toBeGreaterThanOrEqual(intended?.mayRunUntilMs ?? Number.POSITIVE_INFINITY);
    expect(on?.checks).toContainEqual(expect.objectContaining({ check: 'power-off-ended', open: true }));
    const waited = facts.filter(({ type }) => type === 'return-waits') as { checks?: object[] }[];
    expect(waited.flatMap(({ checks = [] }) => checks)).toContainEqual(
      expect.objectContaining({ check: 'power-off-ended', open: false }),
    );
    expect(worker.actions()).toContain('on');
    expect(facts.filter(({ type }) => type === 'power-on-proven')).toHaveLength(1);
  });
});
