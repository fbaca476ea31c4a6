import { QUEUES } from '#events/catalog.ts';
import { mirrorInventory } from '#functions/mirror-inventory.ts';
import { receiveHostEvent } from '#functions/receive-host-event.ts';
import type { Services } from '#shared/services.ts';
import { lookForSilence } from '#shared/shell/look-for-silence.ts';
import { anEvent, aPolicy, aService, NOW_MS } from '#test/support/builders.ts';
import { aRecord, fakeServices } from '#test/support/fakes.ts';
import { CountingStore, type Units } from './counting-store.ts';
import { HOURS_A_MONTH, PRICES } from './prices.ts';

/** Heartbeats of many hosts for an hour of virtual time, through the real function, and what they cost on AWS. */
export interface HeartbeatFigures {
  readonly hosts: number;
  readonly intervalSeconds: number;
  readonly timeoutSeconds: number;
  readonly lookSeconds: number;
  readonly messages: number;
  readonly full: BatchFigures;
  readonly single: BatchFigures;
}

export interface BatchFigures {
  /** Messages that each invocation gets. */
  readonly batch: number;
  readonly invocations: number;
  readonly units: Units;
  /** US dollars per host and month. */
  readonly dollars: Readonly<Record<keyof typeof PRICES | 'sqsSending', number>>;
}

/** What an invocation takes: an assumption, since here no network is between. */
const BILLED_MS = 30;
const LOOK_SECONDS = 5;
const { batchSize, concurrency, memoryMb } = QUEUES['host-events'];

export async function measureHeartbeats(hosts: number, intervalSeconds: number): Promise<HeartbeatFigures> {
  const policy = aPolicy();
  return {
    hosts,
    intervalSeconds,
    timeoutSeconds: policy.heartbeats.timeoutSeconds,
    lookSeconds: LOOK_SECONDS,
    messages: (hosts * 3600) / intervalSeconds,
    full: await anHour(hosts, intervalSeconds, batchSize),
    single: await anHour(hosts, intervalSeconds, 1),
  };
}

async function anHour(hosts: number, intervalSeconds: number, batch: number): Promise<BatchFigures> {
  const store = new CountingStore();
  const services = fakeServices(aPolicy());
  services.state.close();
  services.cloud.services = Array.from({ length: hosts }, (_, index) => aService({ host: `compute-${index + 1}` }));
  // As many processes as there are Lambdas at a time, each with what it remembers; and one that looks.
  const processes = Array.from({ length: concurrency }, (): Services => ({ ...services, state: store.process() }));
  const looker: Services = { ...services, state: store.process() };
  await mirrorInventory({ ...services, state: store.process() });

  let invocations = 0;
  async function pass(seconds: number): Promise<void> {
    for (let second = 0; second < seconds; second += 1) {
      services.clock.nowMs += 1000;
      // Hosts beat one after the other, evenly over the interval.
      const due = Array.from({ length: hosts }, (_, index) => index).filter(
        (index) => (services.clock.nowMs - NOW_MS) % (intervalSeconds * 1000) === (index % intervalSeconds) * 1000,
      );
      for (let start = 0; start < due.length; start += batch) {
        const records = due.slice(start, start + batch).map((index) => beatOf(index, services.clock.nowMs));
        const process = processes[invocations % concurrency];
        invocations += 1;
        if (process !== undefined) await receiveHostEvent.handle(process, records);
      }
      if (second % LOOK_SECONDS === 0) await lookForSilence(looker);
    }
  }
  await pass(600);
  store.reset();
  invocations = 0;
  await pass(3600);
  const units = { ...store.units };
  store.close();
  const messages = (hosts * 3600) / intervalSeconds;
  const perHostAndMonth = (count: number, price: number) => (count * price * HOURS_A_MONTH) / hosts;
  return {
    batch,
    invocations,
    units,
    dollars: {
      sqsSending: perHostAndMonth(messages, PRICES.sqsReceiving),
      sqsReceiving: perHostAndMonth(2 * invocations, PRICES.sqsReceiving),
      lambdaRequests: perHostAndMonth(invocations, PRICES.lambdaRequests),
      lambdaTime: perHostAndMonth(invocations * (memoryMb / 1024) * (BILLED_MS / 1000), PRICES.lambdaTime),
      dynamodbReads: perHostAndMonth(units.reads, PRICES.dynamodbReads),
      dynamodbWrites: perHostAndMonth(units.writes, PRICES.dynamodbWrites),
    },
  };
}

function beatOf(index: number, atMs: number) {
  const host = `compute-${index + 1}`;
  return aRecord(anEvent({ type: 'host.heartbeat', source: 'hosts', atMs, data: { host } }), { sentAtMs: atMs });
}

/** In the words of the page. */
export function heartbeatRows({ full, single }: HeartbeatFigures): readonly string[] {
  const cents = (dollars: number): string => (100 * dollars).toFixed(3);
  const total = ({ dollars }: BatchFigures): number => Object.values(dollars).reduce((sum, each) => sum + each, 0);
  const row = (name: string, of: (figures: BatchFigures) => string): string =>
    `| ${name} | ${of(full)} | ${of(single)} |`;
  return [
    `| | ${full.batch} messages an invocation | ${single.batch} |`,
    '| --- | --- | --- |',
    row('invocations', ({ invocations }) => String(invocations)),
    row('transactions', ({ units }) => String(units.transactions)),
    row('audit records', ({ units }) => String(units.appended)),
    row('write units', ({ units }) => String(units.writes)),
    row('read units', ({ units }) => String(units.reads)),
    row('US cents per host and month: sending to SQS, one by one', ({ dollars }) => cents(dollars.sqsSending)),
    row('receiving and deleting', ({ dollars }) => cents(dollars.sqsReceiving)),
    row('Lambda', ({ dollars }) => cents(dollars.lambdaRequests + dollars.lambdaTime)),
    row('DynamoDB', ({ dollars }) => cents(dollars.dynamodbReads + dollars.dynamodbWrites)),
    row('**all**', (figures) => `**${cents(total(figures))}**`),
  ];
}

export const HEARTBEAT_TERMS = `AWS list prices, us-east-1, since 2024-11: SQS $${(PRICES.sqsReceiving * 1e6).toFixed(2)} and Lambda $${(PRICES.lambdaRequests * 1e6).toFixed(2)} a million requests, Lambda $${PRICES.lambdaTime} a GB-s at ${memoryMb} MB and an assumed ${BILLED_MS} ms, DynamoDB on demand $${PRICES.dynamodbReads * 1e6} a million reads and $${PRICES.dynamodbWrites * 1e6} a million writes. Traffic out of AWS, logs and the free tier are left out.`;
