import { copyFileSync, existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { FenceRequest, WorkerAnswer } from '#events/fence-worker.ts';
import { openAgents } from '#infra/fence-worker/agents.ts';
import type { WorkerConfig } from '#infra/fence-worker/config.ts';
import type { Received, RequestQueue } from '#infra/fence-worker/request-queue.ts';
import { type TaskOf, tasksOf } from '#infra/fence-worker/tasks.ts';
import { PermanentError } from '#shared/errors.ts';
import type { Secrets } from '#shared/ports.ts';
import { afterwards } from '../embedded/support.ts';

export const PASSWORD = 'geheim-4711';

/** A folder with the agent `fence_fake` and its devices. */
export interface FakeAgents {
  readonly folder: string;
  /** An outlet, on from the start. */
  addOutlet(address: string, plug: string): void;
  setPower(address: string, plug: string, power: 'on' | 'off'): void;
  powerOf(address: string, plug: string): string;
  setFault(fault: 'stuck' | 'error' | 'hang' | undefined): void;
  setPassword(password: string): void;
  /** Begin and end of each run, in their order. */
  runs(): readonly string[];
  /** What each run was told on its standard input. */
  inputs(): readonly string[];
  /** The process that the agent has started when it hangs. */
  childPid(): number | undefined;
  remove(): void;
}

export function fakeAgents(): FakeAgents {
  const folder = mkdtempSync(join(tmpdir(), 'salvor-agents-'));
  const path = (name: string) => join(folder, name);
  const textOf = (name: string) => (existsSync(path(name)) ? readFileSync(path(name), 'utf8') : '');
  copyFileSync(join(import.meta.dirname, 'fence_fake'), path('fence_fake'));
  writeFileSync(path('password'), PASSWORD);
  const setPower: FakeAgents['setPower'] = (address, plug, power) => writeFileSync(path(`${address}-${plug}`), power);
  return {
    folder,
    setPower,
    addOutlet: (address, plug) => setPower(address, plug, 'on'),
    powerOf: (address, plug) => textOf(`${address}-${plug}`).trim(),
    setFault: (fault) => writeFileSync(path('fault'), fault ?? ''),
    setPassword: (password) => writeFileSync(path('password'), password),
    runs: () => textOf('runs').split('\n').filter(Boolean),
    inputs: () =>
      readdirSync(folder)
        .filter((name) => name.startsWith('input.'))
        .map(textOf),
    childPid: () => Number(textOf('child')) || undefined,
    remove: () => rmSync(folder, { recursive: true, force: true }),
  };
}

export function newFakeAgents(): FakeAgents {
  const agents = fakeAgents();
  afterwards(() => agents.remove());
  return agents;
}

export const aConfig = (changes: Partial<WorkerConfig> = {}): WorkerConfig => ({
  agents: { fence_fake: { parameters: {} } },
  networks: [{ name: 'lab', addresses: ['192.0.2.0/24', '*.bmc.test'], concurrency: 4 }],
  concurrency: 4,
  restarts: [],
  ...changes,
});

export const secretsOf = (all: Readonly<Record<string, Readonly<Record<string, string>>>>): Secrets => ({
  get: async (name) => {
    const found = all[name];
    if (found === undefined) throw new PermanentError(`there is no secret ${name}`);
    return found;
  },
});

export const SECRETS = { bmc: { username: 'admin', password: PASSWORD } };

export async function tasksIn(
  agents: FakeAgents,
  config: WorkerConfig = aConfig(),
  secrets: Secrets = secretsOf(SECRETS),
): Promise<TaskOf> {
  return tasksOf({ config, agents: await openAgents(agents.folder, config), secrets });
}

let requests = 0;

export function aRequest(changes: Partial<FenceRequest> = {}): FenceRequest {
  requests += 1;
  return {
    type: 'fence',
    version: 1,
    id: `00000000-0000-4000-8000-${String(requests).padStart(12, '0')}`,
    time: new Date().toISOString(),
    validSeconds: 10,
    action: 'status',
    agent: 'fence_fake',
    parameters: { ip: '192.0.2.1', plug: '1' },
    credentials: 'bmc',
    ...changes,
  };
}

/** A queue in memory, of which a test says how it is. */
export class FakeQueue implements RequestQueue {
  readonly answers: WorkerAnswer[] = [];
  readonly claimed: string[] = [];
  isAway = false;
  /** How far its clock is ahead of that of the tests. */
  aheadMs = 0;
  isClosed = false;
  readonly #waiting: Received[] = [];
  #wake = Promise.withResolvers<void>();

  put(request: object | string, receives = 1): void {
    const body = typeof request === 'string' ? request : JSON.stringify(request);
    this.#waiting.push({ body, receiptHandle: body, receives });
    this.#wake.resolve();
  }

  receive: RequestQueue['receive'] = async (max) => {
    if (this.isAway) throw new Error('the queue is away');
    if (this.#waiting.length === 0) await Promise.race([this.#wake.promise, new Promise((end) => setTimeout(end, 20))]);
    this.#wake = Promise.withResolvers();
    return this.#waiting.splice(0, max);
  };

  claim: RequestQueue['claim'] = async ({ body }) => {
    if (this.isAway) throw new Error('the queue is away');
    this.claimed.push(body);
    return Date.now() + this.aheadMs;
  };

  answer: RequestQueue['answer'] = async (answer) => {
    this.answers.push(answer);
  };

  close(): void {
    this.isClosed = true;
  }

  answerTo({ id }: { readonly id: string }): WorkerAnswer | undefined {
    return this.answers.find((answer) => answer.id === id);
  }
}
