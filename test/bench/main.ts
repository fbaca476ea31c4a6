/**
 * `npm run bench [-- bundles ingest http masakari heartbeats forecast console scale fencing openstack detection foretold]`: measures, prints, and writes docs/benchmarks.md with the
 * machine's description. Machines differ: only ratios within one run mean something elsewhere.
 */
import { execFileSync } from 'node:child_process';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { cpus, totalmem } from 'node:os';
import { print } from '#cli/output.ts';
import { measureBundles } from './bundles.ts';
import { measureConsole } from './console.ts';
import { measureDetection } from './detection.ts';
import { measureFencing } from './fencing.ts';
import { measureForecast } from './forecast.ts';
import { measureForetold } from './foretold.ts';
import { measureHeartbeats } from './heartbeats.ts';
import { measureHttp } from './http.ts';
import { measureIngest } from './ingest.ts';
import { measureMasakari } from './masakari.ts';
import { measureOpenStack } from './openstack.ts';
import { page, type Results } from './page.ts';
import { measureScale } from './scale.ts';

const RESULTS = 'docs/benchmarks.json';
const PAGE = 'docs/benchmarks.md';
const NAMES = [
  'bundles',
  'ingest',
  'http',
  'masakari',
  'heartbeats',
  'forecast',
  'console',
  'scale',
  'fencing',
  'openstack',
  'detection',
  'foretold',
] as const;
type Name = (typeof NAMES)[number];

/** Requests a second, seconds, connections: the same for salvor and for Masakari. */
const LOAD = [1000, 20, 500] as const;

const MEASURE: { readonly [K in Name]: () => Promise<NonNullable<Results[K]>['figures']> } = {
  bundles: () => measureBundles(11),
  ingest: () => measureIngest(5, 20_000, 100),
  http: () => measureHttp(200, ...LOAD),
  masakari: () => measureMasakari(...LOAD),
  heartbeats: () => measureHeartbeats(1000, 10),
  forecast: () => measureForecast(1000, 20_000, 5),
  console: measureConsole,
  scale: async () => ({
    oneHost: await measureScale(1, 1000),
    smallHost: await measureScale(1, 50),
    twentyHosts: await measureScale(20, 50),
  }),
  fencing: () => measureFencing(15),
  openstack: () => measureOpenStack(Number(process.env.BENCH_ROUNDS ?? 5), 50, print),
  detection: () => measureDetection(Number(process.env.BENCH_ROUNDS ?? 3), print),
  foretold: () => measureForetold(Number(process.env.BENCH_ROUNDS ?? 3), print),
};

const asked = process.argv.slice(2);
const wrong = asked.find((name) => !(NAMES as readonly string[]).includes(name));
if (wrong !== undefined) throw new Error(`there is no benchmark ${wrong}; there are ${NAMES.join(', ')}`);
let results: Results = existsSync(RESULTS) ? (JSON.parse(readFileSync(RESULTS, 'utf8')) as Results) : {};
for (const name of NAMES) {
  if (asked.length > 0 && !asked.includes(name)) continue;
  print(`${name} …`);
  results = { ...results, [name]: { machine: machine(), figures: await MEASURE[name]() } };
  print(JSON.stringify(results[name]?.figures, null, 2));
  writeFileSync(RESULTS, `${JSON.stringify(results, null, 2)}\n`);
  writeFileSync(PAGE, page(results));
}

function machine() {
  const [cpu] = cpus();
  return {
    cpu: cpu?.model ?? 'unknown',
    cores: cpus().length,
    memoryGiB: Math.round(totalmem() / 2 ** 30),
    node: process.version,
    date: new Date().toISOString().slice(0, 10),
    commit: execFileSync('git', ['rev-parse', '--short', 'HEAD'], { encoding: 'utf8' }).trim(),
  };
}
