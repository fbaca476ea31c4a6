import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setImmediate as turn } from 'node:timers/promises';
import { DeleteMessageBatchCommand, ReceiveMessageCommand, SendMessageBatchCommand } from '@aws-sdk/client-sqs';
import { silentLog } from '#cli/output.ts';
import { QUEUES } from '#events/catalog.ts';
import { FUNCTIONS } from '#infra/embedded/functions.ts';
import { startPoller } from '#infra/embedded/poller.ts';
import { type SqsServer, startSqsServer } from '#infra/embedded/sqs-server.ts';
import { openSqliteStore } from '#shared/adapters/sqlite/state-store.ts';
import { sqsOutbox } from '#shared/adapters/sqs/outbox.ts';
import { systemChance, systemClock } from '#shared/adapters/system/clock.ts';
import { systemGuests } from '#shared/adapters/system/guests.ts';
import { policySchema } from '#shared/domain/policy.ts';
import { answerSqsEvent } from '#shared/lambda/handler.ts';
import type { Compute, StateStore } from '#shared/ports.ts';
import { median } from './median.ts';

/** Draining one queue of host events, 95 % of them duplicates: bare receive and delete, and through the function. */
export interface IngestFigures {
  readonly events: number;
  readonly hosts: number;
  readonly barePerSecond: number;
  readonly ingestPerSecond: number;
  /** Median over the rounds, ingest by bare. */
  readonly ratio: number;
  readonly stateTransactions: number;
  readonly distinctEvents: number;
}

const DUPLICATES = 20;
const REPORTERS = 3;
const spec = QUEUES['host-events'];

export async function measureIngest(rounds: number, events: number, hosts: number): Promise<IngestFigures> {
  const bare: number[] = [];
  const ingest: number[] = [];
  let stateTransactions = 0;
  for (let round = 0; round < rounds; round += 1) {
    bare.push(await drained(events, hosts, (server) => drainBare(server, events)));
    ingest.push(
      await drained(events, hosts, async (server, folder) => {
        const result = await drainByFunction(server, folder, events, hosts);
        stateTransactions = result.transactions;
        return result.seconds;
      }),
    );
  }
  return {
    events,
    hosts,
    barePerSecond: Math.round(median(bare)),
    ingestPerSecond: Math.round(median(ingest)),
    ratio: median(ingest.map((rate, round) => rate / (bare[round] ?? rate))),
    stateTransactions,
    distinctEvents: events / DUPLICATES,
  };
}

/** Events per second of `drain`, on a full queue of its own. */
async function drained(
  events: number,
  hosts: number,
  drain: (server: SqsServer, folder: string) => Promise<number>,
): Promise<number> {
  const folder = mkdtempSync(join(tmpdir(), 'salvor-ingest-'));
  const server = await startSqsServer({ folder, port: 0, queues: QUEUES });
  try {
    await fill(server, events, hosts);
    return events / (await drain(server, folder));
  } finally {
    await server.close();
    rmSync(folder, { recursive: true, force: true });
  }
}

async function fill({ client, queueUrls }: SqsServer, events: number, hosts: number): Promise<void> {
  const startMs = Date.now();
  const distinct = events / DUPLICATES;
  const body = (index: number): string => {
    const event = index % distinct;
    const data = { host: `compute-${event % hosts}`, reason: 'no answer for 5 s' };
    const time = new Date(startMs - distinct + event).toISOString();
    return JSON.stringify({
      specversion: '1.0',
      id: `e${event}`,
      source: `/agent/${event % REPORTERS}`,
      type: 'host.down',
      time,
      data,
    });
  };
  for (let from = 0; from < events; from += 10) {
    const Entries = Array.from({ length: 10 }, (_, index) => ({ Id: String(index), MessageBody: body(from + index) }));
    await client.send(new SendMessageBatchCommand({ QueueUrl: queueUrls['host-events'], Entries }));
  }
}

async function drainBare({ client, queueUrls }: SqsServer, events: number): Promise<number> {
  const QueueUrl = queueUrls['host-events'];
  const startedMs = performance.now();
  let left = events;
  const drain = async (): Promise<void> => {
    while (left > 0) {
      const receive = {
        QueueUrl,
        MaxNumberOfMessages: 10,
        MessageSystemAttributeNames: ['All' as const],
        MessageAttributeNames: ['All'],
      };
      const { Messages = [] } = await client.send(new ReceiveMessageCommand(receive));
      if (Messages.length === 0) return;
      left -= Messages.length;
      const Entries = Messages.map(({ ReceiptHandle }, index) => ({ Id: String(index), ReceiptHandle }));
      await client.send(new DeleteMessageBatchCommand({ QueueUrl, Entries }));
    }
  };
  await Promise.all(Array.from({ length: spec.concurrency }, drain));
  return (performance.now() - startedMs) / 1000;
}

async function drainByFunction(
  server: SqsServer,
  folder: string,
  events: number,
  hosts: number,
): Promise<{ seconds: number; transactions: number }> {
  const state = openSqliteStore(join(folder, 'state.sqlite'));
  let transactions = 0;
  const counting: StateStore = {
    ...state,
    transact: (writes) => {
      transactions += 1;
      return state.transact(writes);
    },
  };
  const services = {
    ...outside(hosts),
    state: counting,
    outbox: sqsOutbox(server.client, server.queueUrls),
    trustedSenders: 'everybody' as const,
    localRestart: { restart: () => Promise.reject(new Error('nothing is restarted here')) },
  };
  await FUNCTIONS['mirror-inventory'](services);
  transactions = 0;
  const all = Promise.withResolvers<void>();
  let done = 0;
  const startedMs = performance.now();
  const poller = startPoller({
    client: server.client,
    queueUrl: server.queueUrls['host-events'],
    queueArn: 'arn:aws:sqs:us-east-1:000000000000:host-events',
    spec,
    log: silentLog,
    invoke: async (event) => {
      const answer = await answerSqsEvent(FUNCTIONS['receive-host-event'], services, event);
      done += event.Records.length;
      if (done >= events) all.resolve();
      return answer;
    },
  });
  await all.promise;
  while (server.depths()['host-events'].inFlight > 0) await turn();
  const seconds = (performance.now() - startedMs) / 1000;
  const stopped = poller.stop();
  server.endLongPolls();
  await stopped;
  state.close();
  return { seconds, transactions };
}

function outside(hosts: number) {
  const service = (index: number) => ({
    id: `00000000-0000-4000-8000-${String(index).padStart(12, '0')}`,
    host: `compute-${index}`,
    zone: 'nova',
    status: 'enabled' as const,
    disabledReason: null,
    state: 'down' as const,
    forcedDown: false,
    lastReportAtMs: null,
  });
  const nobody = (): never => {
    throw new Error('the ingest asks nothing of the cloud');
  };
  const compute: Compute = {
    services: async () => Array.from({ length: hosts }, (_, index) => service(index)),
    service: nobody,
    hypervisors: nobody,
    aggregates: nobody,
    serverGroups: nobody,
    image: nobody,
    serversOn: nobody,
    server: nobody,
    evacuationsFrom: nobody,
    unfinishedMigrationsOf: nobody,
    serverActions: nobody,
    disableService: nobody,
    enableService: nobody,
    rebootHard: nobody,
    snapshotsOf: nobody,
    portsOn: nobody,
    rebuild: nobody,
    migrate: nobody,
    confirmResize: nobody,
    liveMigrate: nobody,
    health: nobody,
    forceDown: nobody,
    addToAggregate: nobody,
    removeFromAggregate: nobody,
    evacuate: nobody,
    forceUp: nobody,
    liveMigrationsOf: nobody,
    resetStateToActive: nobody,
  };
  const policy = policySchema.parse({
    version: 1,
    segments: [{ name: 'all', hosts: { availabilityZone: 'nova' }, reporters: { required: REPORTERS } }],
    fenceDevices: {},
  });
  return {
    compute,
    fencing: { device: nobody },
    policy,
    clock: systemClock,
    chance: systemChance,
    guests: systemGuests,
    log: silentLog,
  };
}
