import type { BundleFigures } from './bundles.ts';
import { type ConsoleFigures, consolePart } from './console.ts';
import type { DetectionFigures } from './detection.ts';
import { type FencingFigures, fencingPart } from './fencing.ts';
import { type ForecastFigures, forecastRows } from './forecast.ts';
import { type ForetoldFigures, foretoldPart } from './foretold.ts';
import { HEARTBEAT_TERMS, type HeartbeatFigures, heartbeatRows } from './heartbeats.ts';
import type { HttpFigures } from './http.ts';
import type { IngestFigures } from './ingest.ts';
import type { LoadFigures } from './load.ts';
import type { MasakariFigures } from './masakari.ts';
import type { OpenStackFigures } from './openstack.ts';
import type { ScaleFigures } from './scale.ts';

interface Machine {
  readonly cpu: string;
  readonly cores: number;
  readonly memoryGiB: number;
  readonly node: string;
  readonly date: string;
  readonly commit: string;
}
interface Measured<T> {
  readonly machine: Machine;
  readonly figures: T;
}
export interface Results {
  readonly bundles?: Measured<BundleFigures>;
  readonly ingest?: Measured<IngestFigures>;
  readonly http?: Measured<HttpFigures>;
  readonly masakari?: Measured<MasakariFigures>;
  readonly heartbeats?: Measured<HeartbeatFigures>;
  readonly forecast?: Measured<ForecastFigures>;
  readonly console?: Measured<ConsoleFigures>;
  readonly scale?: Measured<{
    readonly oneHost: ScaleFigures;
    readonly smallHost: ScaleFigures;
    readonly twentyHosts: ScaleFigures;
  }>;
  readonly fencing?: Measured<FencingFigures>;
  readonly openstack?: Measured<OpenStackFigures>;
  readonly detection?: Measured<DetectionFigures>;
  readonly foretold?: Measured<ForetoldFigures>;
}

const two = (value: number): string => value.toFixed(2);
const list = (values: readonly number[]): string => values.map((value) => value.toFixed(1)).join(', ');
const on = ({ cpu, cores, memoryGiB, node, date, commit }: Machine): string =>
  `_${cpu}, ${cores} cores, ${memoryGiB} GiB, Node ${node}, ${date}, commit ${commit}_`;

/** The figures as a page. Every number on it was measured by `npm run bench`. */
export function page({
  openstack,
  detection,
  scale,
  fencing,
  ingest,
  http,
  masakari,
  heartbeats,
  forecast,
  foretold,
  console,
  bundles,
}: Results): string {
  return [
    '# Benchmarks',
    '',
    'Written by `npm run bench`. Machines differ and are shared: compare ratios within one run, not seconds between machines.',
    ...(openstack === undefined ? [] : openStackPart(openstack)),
    ...(detection === undefined ? [] : detectionPart(detection)),
    ...(scale === undefined ? [] : scalePart(scale)),
    ...(fencing === undefined ? [] : fencingPart(on(fencing.machine), fencing.figures)),
    ...(ingest === undefined ? [] : ingestPart(ingest)),
    ...(http === undefined ? [] : httpPart(http, masakari)),
    ...(heartbeats === undefined ? [] : heartbeatPart(heartbeats)),
    ...(forecast === undefined ? [] : forecastPart(forecast)),
    ...(console === undefined ? [] : consolePart(on(console.machine), console.figures)),
    ...(foretold === undefined ? [] : foretoldPart(on(foretold.machine), foretold.figures)),
    ...(bundles === undefined ? [] : bundlePart(bundles)),
    '',
  ].join('\n');
}

function openStackPart({ machine, figures }: NonNullable<Results['openstack']>): string[] {
  return [
    '',
    '## A real Nova, beside bare scripts',
    '',
    on(machine),
    '',
    `${figures.instances} instances on one of ${figures.computes} hosts. Seconds from the accepted event (grace 0), or the script's start, until the`,
    "last guest runs elsewhere by the hypervisors' ledger. The scripts power off, force down, send all evacuates at once and",
    'poll; one leaves the choice of the host to the scheduler, one spreads the targets. Rounds are interleaved. RPC replies',
    'come without the 0.5 s polling of oslo.messaging in all of them.',
    '',
    '| | seconds, round by round |',
    '| --- | --- |',
    `| salvor | ${list(figures.salvorSeconds)} |`,
    `| script, spread | ${list(figures.spreadScriptSeconds)} |`,
    `| script, scheduler | ${list(figures.schedulerScriptSeconds)} |`,
    '',
    `salvor by the better script of each round: ${figures.ratios.map(two).join(', ')}; median **${two(figures.medianRatio)}**. Guests that ran twice: ${figures.doubles}.`,
  ];
}

function detectionPart({ machine, figures }: NonNullable<Results['detection']>): string[] {
  const { everySeconds, staleSeconds, heard, confirmed, confirmedWithNova, medians } = figures;
  return [
    '',
    '## No agent at all: how soon a killed nova-compute is missed',
    '',
    on(machine),
    '',
    'A real Nova with its own defaults (report_interval 10 s, service_down_time 60 s), watched each',
    `${everySeconds} s with \`watch.staleSeconds\` ${staleSeconds}, and no other reporter. The grace period is 0 and comes on top.`,
    '',
    '| seconds from the kill until | round by round | median |',
    '| --- | --- | --- |',
    `| Nova's word is heard | ${list(heard)} | ${medians.heard.toFixed(1)} |`,
    `| confirmed down | ${list(confirmed)} | ${medians.confirmed.toFixed(1)} |`,
    `| confirmed down with \`requireNovaDown\` | ${list(confirmedWithNova)} | ${medians.confirmedWithNova.toFixed(1)} |`,
  ];
}

function scalePart({ machine, figures }: NonNullable<Results['scale']>): string[] {
  const row = (
    name: string,
    { instances, seconds, instancesPerSecond, novaRequestsPerInstance, doubles }: ScaleFigures,
  ): string =>
    `| ${name} | ${instances} | ${seconds.toFixed(2)} | ${Math.round(instancesPerSecond)} | ${two(novaRequestsPerInstance)} | ${doubles} |`;
  const { oneHost, smallHost, twentyHosts } = figures;
  return [
    '',
    '## The pipeline itself, on a simulated Nova that answers at once',
    '',
    on(machine),
    '',
    'From the accepted event to the last instance well, fencing and planning included; requests as the cloud counted them.',
    '',
    '| | instances | seconds | instances a second | Nova requests per instance | ran twice |',
    '| --- | --- | --- | --- | --- | --- |',
    row('one host', smallHost),
    row('twenty hosts at once', twentyHosts),
    row('one big host', oneHost),
    '',
    `Twenty hosts together recover at ${two(twentyHosts.instancesPerSecond / smallHost.instancesPerSecond)} times the rate of one.`,
  ];
}

function ingestPart({ machine, figures }: NonNullable<Results['ingest']>): string[] {
  const { events, hosts, barePerSecond, ingestPerSecond, ratio, stateTransactions, distinctEvents } = figures;
  return [
    '',
    '## Ingest',
    '',
    on(machine),
    '',
    `${events} events about ${hosts} hosts in the durable embedded queue, 95 % of them duplicates (${distinctEvents} distinct ones).`,
    '',
    '| | events a second |',
    '| --- | --- |',
    `| bare receive and delete | ${barePerSecond} |`,
    `| through receive-host-event | ${ingestPerSecond} |`,
    '',
    `Median ratio **${two(ratio)}**. State transactions: ${stateTransactions}.`,
  ];
}

function httpPart({ machine, figures }: NonNullable<Results['http']>, beside: Results['masakari']): string[] {
  const { hosts, perSecond, seconds, warmUpSeconds, notifications, reconnecting, events } = figures;
  const row = (name: string, { accepted, errors, p50, p99, perSecond: rate }: LoadFigures): string =>
    `| ${name} | ${accepted} | ${errors} | ${Math.round(rate)} | ${Math.round(p50)} | ${Math.round(p99)} |`;
  return [
    '',
    '## The HTTP endpoint',
    '',
    on(machine),
    '',
    `${perSecond} requests a second for ${seconds} s, of ${hosts} hosts, whether the server keeps up or not, at one site with the whole`,
    'pipeline in the same process, its state and queues on disk; the load and a simulated Keystone share the two cores.',
    `An answer of 202 means that the event is in the durable queue. Milliseconds from when each request was due; the same load went before for ${warmUpSeconds} s.`,
    '',
    '| | accepted | errors | a second | p50 | p99 |',
    '| --- | --- | --- | --- | --- | --- |',
    row('`POST /v1/notifications`, as Masakari’s monitors send', notifications),
    row('the same, each on a connection of its own', reconnecting),
    row('`POST /v1/events`', events),
    ...(beside === undefined
      ? []
      : [
          row(`the real Masakari API, notifications`, beside.figures.notifications),
          '',
          `Masakari ${beside.figures.version} with its defaults (a random sleep before each answer included), ${beside.figures.workers} workers, a real Keystone,`,
          `MariaDB and RabbitMQ, under the same load; ${on(beside.machine).slice(1, -1)}. What takes over 60 s counts as an error.`,
        ]),
  ];
}

function heartbeatPart({ machine, figures }: NonNullable<Results['heartbeats']>): string[] {
  const { hosts, intervalSeconds, timeoutSeconds, lookSeconds, messages } = figures;
  return [
    '',
    '## Heartbeats',
    '',
    on(machine),
    '',
    `${hosts} hosts that beat every ${intervalSeconds} s for an hour of virtual time (${messages} messages), \`heartbeats.timeoutSeconds\` ${timeoutSeconds}, a look`,
    `for silence every ${lookSeconds} s: what the real function asks of its store, in DynamoDB's units, and what that costs. ${HEARTBEAT_TERMS}`,
    '',
    ...heartbeatRows(figures),
  ];
}

function forecastPart({ machine, figures }: NonNullable<Results['forecast']>): string[] {
  const { hosts, instances, rounds, stateMegabytes } = figures;
  return [
    '',
    '## Know before the failure',
    '',
    on(machine),
    '',
    `${hosts} hosts with ${instances} instances, mirrored by the real functions into the embedded store (${stateMegabytes.toFixed(1)} MB on disk): from the`,
    `opened file to the whole forecast, the median of ${rounds}. What the upkeep costs is by the prices above.`,
    '',
    ...forecastRows(figures),
  ];
}

function bundlePart({ machine, figures }: NonNullable<Results['bundles']>): string[] {
  const rows = Object.entries(figures.bytes).map(([name, bytes]) => {
    const ms = figures.initMs[name];
    const ratio = figures.initRatio[name];
    return `| ${name} | ${Math.round(bytes / 1000)} | ${ms === undefined ? 'not timed' : ms.toFixed(0)} | ${ratio === undefined ? '' : two(ratio)} |`;
  });
  return [
    '',
    '## Bundles',
    '',
    on(machine),
    '',
    'Minified, the AWS SDK included. Init: from the start of the import until the services are built and an empty event is',
    'answered, beside a handler that only loads the same SDK clients.',
    '',
    '| function | kB | init, ms | by SDK only |',
    '| --- | --- | --- | --- |',
    ...rows,
    `| SDK clients only | | ${figures.sdkOnlyInitMs.toFixed(0)} | 1 |`,
  ];
}
