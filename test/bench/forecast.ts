import { mkdtempSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { SCHEDULES } from '#events/catalog.ts';
import { mirrorInstances } from '#functions/mirror-instances.ts';
import { mirrorInventory } from '#functions/mirror-inventory.ts';
import { surveyDevices } from '#functions/survey-devices.ts';
import { openSqliteReader } from '#shared/adapters/sqlite/reader.ts';
import { openSqliteStore } from '#shared/adapters/sqlite/state-store.ts';
import { capacityOf } from '#shared/domain/forecast/capacity.ts';
import { whatIf } from '#shared/domain/forecast/what-if.ts';
import type { Policy } from '#shared/domain/policy.ts';
import type { Server, ServerGroup, StateReader, StateStore } from '#shared/ports.ts';
import type { Services } from '#shared/services.ts';
import { loadStanding, loadTaken, loadView } from '#shared/shell/forecast-view.ts';
import { recordedPace } from '#shared/views/recorded-pace.ts';
import { aHypervisor, aPolicy, aServer, aService, uuid } from '#test/support/builders.ts';
import { type FakeServices, fakeServices } from '#test/support/fakes.ts';
import { CountingStore, type Units } from './counting-store.ts';
import { median } from './median.ts';
import { HOURS_A_MONTH, PRICES } from './prices.ts';

/** Forecasts from what is mirrored on disk, each as the command makes it: read, asked, planned. Median seconds. */
export interface ForecastFigures {
  readonly hosts: number;
  readonly instances: number;
  readonly rounds: number;
  readonly stateMegabytes: number;
  readonly whatIf: Readonly<Record<'oneHost' | 'rack' | 'zone' | 'everything', number>>;
  /** With every host nearly empty, and nearly full. */
  readonly capacity: Readonly<Record<'roomy' | 'tight', number>>;
  /** Of an hour in which nothing changes, per host and month, in US dollars. */
  readonly upkeep: Readonly<Record<'survey-devices' | 'mirror-instances', Upkeep>>;
}

interface Upkeep {
  readonly units: Units;
  readonly dynamodb: number;
  readonly lambda: number;
  readonly billedSeconds: number;
}

const RACK = 20;
const GROUPS = 500;
/** What a run takes on AWS: an assumption, since here neither a device nor Nova is between. */
const BILLED_SECONDS = { 'survey-devices': 4, 'mirror-instances': 10 } as const;

export async function measureForecast(hosts: number, instances: number, rounds: number): Promise<ForecastFigures> {
  const folder = mkdtempSync(join(tmpdir(), 'salvor-bench-'));
  const path = join(folder, 'salvor.sqlite');
  try {
    const policy = policyFor();
    const services = cloudOf(hosts, instances, policy);
    const store = openSqliteStore(path, { now: () => 0 });
    await mirrorAll(services, store);
    store.close();
    const reader = openSqliteReader(path);
    const names = Array.from({ length: hosts }, (_, index) => hostName(index));
    const ask = (failing: readonly string[]) => seconds(rounds, () => forecast(reader, policy, failing));
    const figures = {
      oneHost: await ask(names.slice(0, 1)),
      rack: await ask(names.slice(0, RACK)),
      zone: await ask(names.filter((_, index) => index % 2 === 0)),
      everything: await ask(names),
    };
    const roomy = await seconds(rounds, () => capacity(reader, policy));
    const tight = await seconds(rounds, () => capacity(reader, policy, true));
    reader.close();
    return {
      hosts,
      instances,
      rounds,
      stateMegabytes: statSync(path).size / 1e6,
      whatIf: figures,
      capacity: { roomy, tight },
      upkeep: {
        'survey-devices': await upkeepOf('survey-devices', surveyDevices, hosts, instances),
        'mirror-instances': await upkeepOf('mirror-instances', mirrorInstances, hosts, instances),
      },
    };
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

const hostName = (index: number): string => `compute-${index + 1}`;

const policyFor = (): Policy =>
  aPolicy(
    {
      survey: { everySeconds: 300 },
      forecast: { everySeconds: 600 },
      failureDomains: { aggregateMetadataKey: 'rack' },
    },
    { hosts: { names: Array.from({ length: 1000 }, (_, index) => hostName(index)) } },
  );

/** Two zones, racks as aggregates, and some instances in server groups. */
function cloudOf(hosts: number, instances: number, policy: Policy): FakeServices {
  const services = fakeServices(policy);
  services.state.close();
  const servers = Map.groupBy(
    Array.from(
      { length: instances },
      (_, index): Server =>
        aServer({
          id: uuid(3, index),
          name: `instance-${index}`,
          host: hostName(index % hosts),
          memoryMb: [2048, 4096, 8192, 16_384][index % 4] ?? 2048,
          metadata: index % 5 === 0 ? { 'salvor:tier': String(1 + (index % 3)) } : {},
          extraSpecs: index % 50 === 0 ? { 'hw:cpu_policy': 'dedicated' } : {},
        }),
    ),
    ({ host }) => host ?? '',
  );
  const groups = Array.from(
    { length: GROUPS },
    (_, index): ServerGroup => ({
      id: uuid(6, index),
      policy: 'anti-affinity',
      maxPerHost: 1,
      members: [0, 1, 2].map((member) => uuid(3, index * 3 + member)),
    }),
  );
  const computeServices = Array.from({ length: hosts }, (_, index) =>
    aService({ host: hostName(index), zone: index % 2 === 0 ? 'az1' : 'az2' }),
  );
  const aggregates = Array.from({ length: Math.ceil(hosts / RACK) }, (_, rack) => ({
    name: `rack-${rack}`,
    id: rack + 1,
    availabilityZone: null,
    hosts: Array.from({ length: RACK }, (_, index) => hostName(rack * RACK + index)),
    metadata: { rack: `r${rack}` },
  }));
  const compute = {
    ...services.compute,
    services: async () => computeServices,
    hypervisors: async () => computeServices.map(({ host }) => aHypervisor(host, 128_000)),
    aggregates: async () => aggregates,
    serverGroups: async () => groups,
    serversOn: async (host: string) => servers.get(host) ?? [],
  };
  return { ...services, compute };
}

/** A whole round. */
async function mirrorAll(services: FakeServices, state: StateStore): Promise<void> {
  const own: Services = { ...services, state };
  await mirrorInventory(own);
  for (let minute = 0; minute < 10; minute += 1) {
    await mirrorInstances(own);
    services.clock.nowMs += 60_000;
  }
}

async function forecast(state: StateReader, policy: Policy, failing: readonly string[]): Promise<void> {
  const [view, standing, pace] = await Promise.all([
    loadView(state, policy.cloud),
    loadStanding(state, policy),
    recordedPace(state, { novaDownSeconds: 60, fencingSeconds: 30, evacuationSeconds: 60, rebuildSeconds: 120 }),
  ]);
  const { instances } = whatIf(failing, view, standing, policy, pace, Date.now());
  if (instances.length === 0) throw new Error('nothing was forecast');
}

async function capacity(state: StateReader, policy: Policy, tight = false): Promise<void> {
  const [view, taken] = await Promise.all([loadView(state, policy.cloud), loadTaken(state, policy.cloud)]);
  const hypervisors = tight ? view.hypervisors.map((each) => aHypervisor(each.serviceHost, 9000)) : view.hypervisors;
  const [only] = capacityOf({ ...view, hypervisors }, taken, policy);
  if (only?.one.survives === tight) throw new Error('the capacity is not what it should be');
}

async function seconds(rounds: number, work: () => Promise<void>): Promise<number> {
  const took: number[] = [];
  for (let round = 0; round < rounds; round += 1) {
    const startedMs = performance.now();
    await work();
    took.push((performance.now() - startedMs) / 1000);
  }
  return median(took);
}

/** What an hour of it asks of DynamoDB once all is known. */
async function upkeepOf(
  name: keyof typeof BILLED_SECONDS,
  run: (services: Services) => Promise<number>,
  hosts: number,
  instances: number,
): Promise<Upkeep> {
  const store = new CountingStore();
  const services = cloudOf(hosts, instances, policyFor());
  const own: Services = { ...services, state: store.process() };
  await mirrorInventory(own);
  const minutes = async (count: number): Promise<void> => {
    for (let minute = 0; minute < count; minute += 1) {
      await run(own);
      services.clock.nowMs += 60_000;
    }
  };
  await minutes(30);
  store.reset();
  await minutes(60);
  const units = { ...store.units };
  store.close();
  const billedSeconds = BILLED_SECONDS[name];
  const { memoryMb } = SCHEDULES[name];
  const perHostAndMonth = (hourly: number): number => (hourly * HOURS_A_MONTH) / hosts;
  return {
    units,
    billedSeconds,
    dynamodb: perHostAndMonth(units.reads * PRICES.dynamodbReads + units.writes * PRICES.dynamodbWrites),
    lambda: perHostAndMonth(60 * (PRICES.lambdaRequests + (memoryMb / 1024) * billedSeconds * PRICES.lambdaTime)),
  };
}

/** In the words of the page. */
export function forecastRows({ whatIf: asked, capacity: judged, upkeep }: ForecastFigures): readonly string[] {
  const row = (what: string, took: number): string => `| ${what} | ${took.toFixed(2)} |`;
  const cents = (dollars: number): string => (100 * dollars).toFixed(3);
  return [
    '| | seconds |',
    '| --- | --- |',
    row('`salvor what-if` of one host', asked.oneHost),
    row(`of a rack of ${RACK} hosts`, asked.rack),
    row('of one of two zones', asked.zone),
    row('of everything', asked.everything),
    row('`salvor capacity`, with room', judged.roomy),
    row('`salvor capacity`, without', judged.tight),
    '',
    '| what is kept while nothing changes | read units an hour | write units an hour | US cents per host and month: DynamoDB | Lambda |',
    '| --- | --- | --- | --- | --- |',
    ...Object.entries(upkeep).map(
      ([name, { units, dynamodb, lambda, billedSeconds }]) =>
        `| \`${name}\` | ${units.reads} | ${units.writes} | ${cents(dynamodb)} | ${cents(lambda)} (a run taken for ${billedSeconds} s) |`,
    ),
  ];
}
