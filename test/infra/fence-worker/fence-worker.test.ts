import { beforeEach, describe, expect, it } from 'vitest';
import type { FenceRequest } from '#events/fence-worker.ts';
import { type FenceWorker, startFenceWorker } from '#infra/fence-worker/fence-worker.ts';
import type { TaskOf } from '#infra/fence-worker/tasks.ts';
import { limitsOf } from '#infra/fence-worker/tasks.ts';
import { systemClock } from '#shared/adapters/system/clock.ts';
import { recordedLog } from '../embedded/stubs.ts';
import { afterwards, PATIENCE } from '../embedded/support.ts';
import { aConfig, aRequest, type FakeAgents, FakeQueue, newFakeAgents, PASSWORD, tasksIn } from './support.ts';

const [ADDRESS, PLUG] = ['192.0.2.1', '1'];
const ago = (ms: number): string => new Date(Date.now() - ms).toISOString();

let agents: FakeAgents;
let queue: FakeQueue;
let log: ReturnType<typeof recordedLog>;

beforeEach(() => {
  agents = newFakeAgents();
  agents.addOutlet(ADDRESS, PLUG);
  queue = new FakeQueue();
  log = recordedLog();
});

async function start(changes: { config?: ReturnType<typeof aConfig>; taskOf?: TaskOf; now?: () => number } = {}) {
  const { config = aConfig(), now = systemClock.now } = changes;
  const taskOf = changes.taskOf ?? (await tasksIn(agents, config));
  const worker: FenceWorker = await startFenceWorker({
    ...{ queue, taskOf, limits: limitsOf(config), clock: { now }, log, healthPort: 0 },
  });
  afterwards(() => worker.stop());
  return worker;
}

async function ask(request: FenceRequest, receives?: number) {
  queue.put(request, receives);
  return answered(request);
}
async function answered(request: FenceRequest) {
  await expect.poll(() => queue.answerTo(request), PATIENCE).toBeDefined();
  return queue.answerTo(request);
}

describe('a fence worker', () => {
  it('reads, switches off, switches on, and answers each request by its id', async () => {
    await start();
    const on = aRequest();
    expect(await ask(on)).toEqual({
      type: 'worker-answer',
      version: 1,
      id: on.id,
      answer: 'on',
      detail: 'fence_fake status says Status: ON',
      durationMs: expect.any(Number),
    });
    expect(await ask(aRequest({ action: 'off' }))).toMatchObject({
      answer: 'accepted',
      detail: 'fence_fake off ended well: Success: Powered OFF',
    });
    expect(agents.powerOf(ADDRESS, PLUG)).toBe('off');
    expect(await ask(aRequest({ action: 'off' }))).toMatchObject({ detail: expect.stringContaining('Already OFF') });
    expect(await ask(aRequest())).toMatchObject({ answer: 'off' });
    expect(await ask(aRequest({ action: 'on' }))).toMatchObject({ answer: 'accepted' });
    expect(agents.powerOf(ADDRESS, PLUG)).toBe('on');
  });

  it('shows secrets to the agent on its standard input, and to nobody else', async () => {
    await start();
    agents.setPassword('another');
    const answer = await ask(aRequest({ action: 'off' }));
    expect(answer).toMatchObject({ answer: 'unknown', detail: expect.stringContaining('fencing device as ***') });
    expect(agents.inputs().join('')).toContain(`password=${PASSWORD}\n`);
    expect(agents.runs().filter((run) => run.startsWith('arguments'))).toEqual([]);
    expect(JSON.stringify([queue.answers, log.lines])).not.toContain(PASSWORD);
  });

  it('runs nothing that it may not, and says why', async () => {
    await start();
    const because = async (changes: Partial<FenceRequest>) => {
      const answer = await ask(aRequest(changes));
      expect(answer?.answer).toBe('refused');
      return answer?.detail;
    };
    expect(await because({ agent: 'fence_other' })).toBe(
      "nothing was run: fence_other is none of this worker's agents, fence_fake",
    );
    expect(await because({ parameters: { ip: '203.0.113.1' } })).toBe(
      "nothing was run: 203.0.113.1 is in none of this worker's networks",
    );
    expect(await because({ parameters: { ip: ADDRESS, port: PLUG } })).toBe(
      'nothing was run: parameter port of fence_fake: the agent does not know it',
    );
    expect(await because({ credentials: 'other' })).toBe('nothing was run: there is no secret other');
    expect(agents.runs()).toEqual([]);
  });

  it('drops what is not a request', async () => {
    const { figures } = await start();
    queue.put('nonsense');
    queue.put({ ...aRequest(), action: 'reboot' });
    await expect.poll(() => queue.claimed.length, PATIENCE).toBe(2);
    expect(figures()).toMatchObject({ malformed: 2, answered: 0 });
    expect(agents.runs()).toEqual([]);
  });
});

describe('a request', () => {
  it('that is too old by the clock of the queue is not run, whatever the own clock says', async () => {
    await start();
    expect(await ask(aRequest({ action: 'off', time: ago(10_000) }))).toMatchObject({
      answer: 'refused',
      detail: expect.stringMatching(
        /^nothing was run: it came 100\d\d ms after it was asked for, and is valid for 10000 ms$/,
      ),
    });
    queue.aheadMs = 60_000;
    expect(await ask(aRequest({ action: 'off' }))).toMatchObject({ answer: 'refused' });
    // What is old here is new there: this machine's clock is wrong.
    expect(await ask(aRequest({ action: 'off', time: ago(-60_000) }))).toMatchObject({ answer: 'accepted' });
  });

  it('from the future is not run', async () => {
    await start();
    expect(await ask(aRequest({ action: 'off', time: ago(-8_000) }))).toMatchObject({
      answer: 'refused',
      detail: expect.stringContaining('ahead of the queue'),
    });
    expect(agents.powerOf(ADDRESS, PLUG)).toBe('on');
  });

  it('is cut off before it is void, and then nobody knows', async () => {
    await start();
    agents.setFault('hang');
    const startMs = Date.now();
    expect(await ask(aRequest({ action: 'off', validSeconds: 2 }))).toMatchObject({
      answer: 'unknown',
      detail: expect.stringMatching(/^fence_fake off took too long and was cut off after 1\d\d\d ms$/),
    });
    expect(Date.now() - startMs).toBeLessThan(2_000 + 1_000);
    const child = agents.childPid() ?? 0;
    expect(child).toBeGreaterThan(1);
    await expect.poll(() => isAlive(child), PATIENCE).toBe(false);
  });

  it('with a time of its own to run is begun while it is valid, and cut off behind that', async () => {
    await start();
    agents.setFault('hang');
    expect(await ask(aRequest({ action: 'off', validSeconds: 0.5, runSeconds: 1.5 }))).toMatchObject({
      answer: 'unknown',
      detail: expect.stringMatching(/was cut off after 1[5-9]\d\d ms$/),
    });
    expect(await ask(aRequest({ action: 'off', time: ago(2_000), validSeconds: 1, runSeconds: 60 }))).toMatchObject({
      answer: 'refused',
      detail: expect.stringContaining('after it was asked for, and is valid for 1000 ms'),
    });
  });

  it('from a clock that is a little ahead of the queue is cut off no later than its answer is waited for', async () => {
    await start();
    agents.setFault('hang');
    expect(await ask(aRequest({ time: ago(-4_000), validSeconds: 1 }))).toMatchObject({
      answer: 'unknown',
      detail: expect.stringMatching(/was cut off after (9|10|11)\d\d ms$/),
    });
  });

  it('is run once, however often it comes', async () => {
    const { figures } = await start();
    const off = aRequest({ action: 'off' });
    for (let copy = 0; copy < 5; copy += 1) queue.put(off);
    await expect.poll(() => figures().repeated, PATIENCE).toBe(4);
    await answered(off);
    expect(queue.answers).toHaveLength(1);
    expect(agents.runs()).toHaveLength(2);
  });

  it('with an effect that was given out before is not run, as it may have been begun', async () => {
    await start();
    expect(await ask(aRequest({ action: 'off' }), 2)).toMatchObject({ answer: 'unknown' });
    expect(agents.powerOf(ADDRESS, PLUG)).toBe('on');
    expect(await ask(aRequest(), 2)).toMatchObject({ answer: 'on' });
  });

  it('that can not be taken out of the queue is not run', async () => {
    await start();
    queue.claim = () => Promise.reject(new Error('nobody knows'));
    queue.put(aRequest({ action: 'off' }));
    await expect.poll(() => log.lines.map(({ message }) => message), PATIENCE).toContain('a request is not answered');
    expect(agents.runs()).toEqual([]);
  });
});

describe('runs', () => {
  it('never overlap at one device, which is told by its address', async () => {
    for (const plug of ['2', '3']) agents.addOutlet(ADDRESS, plug);
    await start();
    const requests = ['1', '2', '3'].map((plug) => aRequest({ parameters: { ip: ADDRESS, plug, power_wait: '0.2' } }));
    for (const request of requests) queue.put(request);
    for (const request of requests) expect(await answered(request)).toMatchObject({ answer: 'on' });
    const runs = agents.runs().map((run) => run.split(' ')[0]);
    expect(runs).toEqual(['begin', 'end', 'begin', 'end', 'begin', 'end']);
  });

  it('are no more at the same time than the network may have', async () => {
    const networks = [{ name: 'lab', addresses: ['192.0.2.0/24'], concurrency: 2 }];
    const worker = await start({ config: aConfig({ networks }) });
    const requests = [1, 2, 3, 4, 5, 6].map((host) => {
      agents.addOutlet(`192.0.2.${host}`, '1');
      return aRequest({ parameters: { ip: `192.0.2.${host}`, plug: '1', power_wait: '0.3' } });
    });
    for (const request of requests) queue.put(request);
    await expect.poll(() => worker.figures().waiting, PATIENCE).toBe(4);
    for (const request of requests) expect(await answered(request)).toMatchObject({ answer: 'on' });
    let [now, most] = [0, 0];
    for (const run of agents.runs()) {
      now += run.startsWith('begin') ? 1 : -1;
      most = Math.max(most, now);
    }
    expect(most).toBe(2);
  });
});

describe('its health', () => {
  const healthOf = async ({ healthPort }: FenceWorker) => {
    const response = await fetch(`http://127.0.0.1:${healthPort}/healthz`);
    return { status: response.status, body: await response.json() };
  };

  it('is bad when it has not reached its queue for a minute, which it says once', async () => {
    let nowMs = Date.now();
    const worker = await start({ now: () => nowMs });
    await ask(aRequest());
    expect(await healthOf(worker)).toMatchObject({
      status: 200,
      body: { received: 1, ran: 1, answered: 1, running: 0 },
    });
    queue.isAway = true;
    const complaints = () =>
      log.lines.filter(({ message }) => message === 'the queue of the fence worker is out of reach');
    await expect.poll(() => complaints().length, PATIENCE).toBe(1);
    nowMs += 61_000;
    expect((await healthOf(worker)).status).toBe(503);
  });
});

describe('when it is stopped', () => {
  it('ends what was begun, refuses what waits, and takes nothing new', async () => {
    const worker = await start();
    const [first, second] = [1, 2].map(() =>
      aRequest({ action: 'off', parameters: { ip: ADDRESS, plug: PLUG, power_wait: '0.5' } }),
    ) as [FenceRequest, FenceRequest];
    queue.put(first);
    queue.put(second);
    await expect.poll(() => agents.runs().length, PATIENCE).toBe(1);
    await worker.stop();
    expect(queue.isClosed).toBe(true);
    expect(queue.answerTo(first)).toMatchObject({ answer: 'accepted' });
    expect(queue.answerTo(second)).toMatchObject({
      answer: 'refused',
      detail: 'nothing was run: the worker is being stopped',
    });
    queue.put(aRequest());
    expect(agents.runs()).toHaveLength(2);
  });
});

function isAlive(pid: number): boolean {
  try {
    return process.kill(pid, 0);
  } catch {
    return false;
  }
}
