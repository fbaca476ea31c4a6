import { mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { SQSClient } from '@aws-sdk/client-sqs';
import { QUEUES, type QueueName, SCHEDULES } from '#events/catalog.ts';
import { withWorkers } from '#shared/adapters/fencing/agent.ts';
import { withNetworks } from '#shared/adapters/fencing/networks.ts';
import { workerRestart } from '#shared/adapters/fencing/worker-restart.ts';
import { openSqliteStore } from '#shared/adapters/sqlite/state-store.ts';
import { sqsOutbox } from '#shared/adapters/sqs/outbox.ts';
import { sqsWorkerQueues } from '#shared/adapters/sqs/worker-queues.ts';
import { fenceWorkersOf } from '#shared/domain/fence-workers.ts';
import { answerSqsEvent, runScheduled } from '#shared/lambda/handler.ts';
import type { Outbox, QueueLooks, StateStore } from '#shared/ports.ts';
import type { Services } from '#shared/services.ts';
import { askingWorkers } from '#shared/shell/ask-worker.ts';
import { within } from './deadline.ts';
import { arnOf } from './fauxqs.ts';
import { FUNCTIONS, type Functions } from './functions.ts';
import { startPoller } from './poller.ts';
import { type ScheduleSpecs, startSchedules } from './schedules.ts';
import { type QueueDepth, type QueueSpecs, type QueueUrls, type SqsServer, startSqsServer } from './sqs-server.ts';
import { ENDPOINT_FILE, QUEUES_FOLDER, STATE_FILE } from './state-dir.ts';

/** Everything that is open is due before this: a process that starts has nothing in flight. */
const ALL_OVERDUE_MS = Number.NEGATIVE_INFINITY;

export interface EmbeddedOptions {
  /** A folder on a local disk, made when it is missing. Without it state and queues live in memory. */
  readonly stateDir?: string | undefined;
  /** Where the SQS endpoint listens on 127.0.0.1; 0 for any port that is free. */
  readonly port: number;
  readonly services: Omit<Services, 'state' | 'outbox' | 'trustedSenders' | 'localRestart'>;
  /** Instead of the catalogue's, for tests and drills. */
  readonly functions?: Partial<Functions>;
  readonly queues?: QueueSpecs;
  readonly schedules?: ScheduleSpecs;
  /** What the functions are given in place of the services; for drills that break one. */
  readonly wrap?: (services: Services) => Services;
}

export interface Embedded {
  /** The SQS endpoint. Any AWS SDK reaches it, with any credentials. */
  readonly endpoint: string;
  readonly queueUrls: QueueUrls;
  /** Of the queues of fence workers, by the workers' names. */
  readonly workerUrls: Readonly<Record<string, string>>;
  readonly client: SQSClient;
  readonly state: StateStore;
  readonly outbox: Outbox;
  /** What the functions are given. */
  readonly services: Services;
  depths(): Readonly<Record<QueueName, QueueDepth>>;
  /** The same for people. */
  readonly queues: QueueLooks;
  /** Receives no more messages, lets the running invocations end within their time, and closes everything. */
  stop(): Promise<void>;
}

/**
 * Runs the functions of the catalogue in this process, as Lambda would behind SQS. When it returns, the inventory
 * is mirrored and every incident that was open has been pushed on.
 * @throws PermanentError when another salvor has the state folder, RetryableError when Nova is out of reach, Error
 *   when the port is taken. Nothing stays open then.
 */
export async function startEmbedded(options: EmbeddedOptions): Promise<Embedded> {
  const { stateDir, port, queues = QUEUES, schedules = SCHEDULES, wrap = (services) => services } = options;
  const { clock, chance, policy, log } = options.services;
  const functions: Functions = { ...FUNCTIONS, ...options.functions };
  if (stateDir !== undefined) mkdirSync(stateDir, { recursive: true, mode: 0o700 });
  // First of all, as it holds the lock on the folder.
  const state = openSqliteStore(stateDir === undefined ? ':memory:' : join(stateDir, STATE_FILE), {
    now: () => clock.now(),
  });
  let server: SqsServer | undefined;
  const close = async (): Promise<void> => {
    forgetEndpoint(stateDir);
    await server?.close();
    state.close();
  };
  try {
    forgetEndpoint(stateDir);
    const folder = stateDir && join(stateDir, QUEUES_FOLDER);
    server = await startSqsServer({ folder, port, queues, workers: fenceWorkersOf(policy) });
    const { endpoint, queueUrls, workerUrls, client, unknownQueues, depths, looks, endLongPolls } = server;
    if (unknownQueues.length > 0) log.warn('messages of queues that are no more are kept aside', { unknownQueues });
    const outbox = sqsOutbox(client, queueUrls);
    const workers = askingWorkers({
      queues: sqsWorkerQueues(client, workerUrls),
      state,
      questions: state,
      clock,
      chance,
    });
    const limits = policy.fenceNetworks ?? {};
    const fencing = withNetworks(withWorkers(options.services.fencing, workers), { state, clock, chance, limits });
    // Who can send here is on this machine, and could be anybody of it.
    const own = { fencing, localRestart: workerRestart(workers), state, outbox, trustedSenders: 'everybody' } as const;
    const services = wrap({ ...options.services, ...own });
    await within(
      schedules['mirror-inventory'].functionTimeoutSeconds,
      runScheduled(functions['mirror-inventory'], services),
    );
    await within(schedules.sweep.functionTimeoutSeconds, runScheduled(functions.sweep, services, ALL_OVERDUE_MS));

    const pollers = (Object.keys(queues) as QueueName[]).map((queue) => {
      const spec = queues[queue];
      const invoke = answerSqsEvent.bind(undefined, functions[spec.function], services);
      return startPoller({ client, queueUrl: queueUrls[queue], queueArn: arnOf(queue), spec, invoke, log });
    });
    const beats = startSchedules(schedules, functions, services);
    if (stateDir !== undefined) writeFileSync(join(stateDir, ENDPOINT_FILE), `${endpoint}\n`, { mode: 0o600 });
    const stop = async (): Promise<void> => {
      const ended = [beats.stop(), ...pollers.map((poller) => poller.stop())];
      endLongPolls();
      await Promise.all(ended);
      await close();
    };
    const lookers: QueueLooks = { look: async () => ({ queues: looks(), clockOffMs: 0 }) };
    let stopped: Promise<void> | undefined;
    const parts = { endpoint, queueUrls, workerUrls, client, state, outbox, services, depths, queues: lookers };
    return { ...parts, stop: () => (stopped ??= stop()) };
  } catch (error) {
    await close();
    throw error;
  }
}

/** Whoever reads the endpoint of a salvor that was killed would speak to whatever has its port now. */
function forgetEndpoint(stateDir: string | undefined): void {
  if (stateDir !== undefined) rmSync(join(stateDir, ENDPOINT_FILE), { force: true });
}
