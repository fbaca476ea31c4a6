import { availableParallelism } from 'node:os';
import { Worker } from 'node:worker_threads';
import { AMONG, type Among } from './among.ts';
import type { Violation } from './checks/check.ts';
import { type Cut, cutScenario } from './cut.ts';
import { scenarioOf } from './generate.ts';
import { runScenario } from './run.ts';
import { addTallies, NOTHING, type Tally, tallyOf } from './tally.ts';

export interface ExploreOptions {
  /** How many seeds, from which one on. */
  readonly seeds: number;
  readonly from: number;
  /** Only seeds that have this are played, and counted. */
  readonly among?: Among;
  /** Worker threads; with 1 all runs in this thread. */
  readonly workers: number;
  /** The file that a worker runs; it must call {@link answerWorker}. */
  readonly workerFile: URL;
  /** Plays every seed, whatever was broken before it. */
  readonly goOn?: boolean;
  readonly onProgress?: (seeds: number) => void;
}

export interface SeedResult {
  readonly seed: number;
  readonly violation: Violation | undefined;
  readonly hash: string;
  readonly tally: Tally;
}

export interface Exploration {
  readonly tally: Tally;
  /** The broken seeds that were found before the search ended, least first. */
  readonly broken: readonly { readonly seed: number; readonly violation: Violation }[];
  readonly seconds: number;
}

/** Seeds that a worker is handed at a time. */
const CHUNK = 8;

export const defaultWorkers = (): number => availableParallelism();

/** Plays one seed from its beginning to its end, or what a cut has left of it. */
export async function playSeed(seed: number, cut: Cut = {}): Promise<SeedResult> {
  const result = await runScenario(cutScenario(scenarioOf(seed), cut));
  const { violation, hash } = result;
  return { seed, violation, hash, tally: tallyOf(result) };
}

/** Plays seeds until all are played or, unless it shall go on, one is broken. */
export async function explore(options: ExploreOptions): Promise<Exploration> {
  const startedMs = performance.now();
  let tally = NOTHING;
  const broken: { seed: number; violation: Violation }[] = [];
  let next = options.from;
  let left = options.seeds;
  const isMeant = (seed: number): boolean => options.among === undefined || AMONG[options.among](scenarioOf(seed));
  const take = (): number | undefined => {
    if (left === 0 || (broken.length > 0 && options.goOn !== true)) return undefined;
    while (!isMeant(next)) next += 1;
    left -= 1;
    next += 1;
    return next - 1;
  };
  const fold = ({ seed, violation, tally: one }: SeedResult): void => {
    tally = addTallies(tally, one);
    if (violation !== undefined) broken.push({ seed, violation });
    options.onProgress?.(tally.seeds);
  };
  if (options.workers <= 1) for (let seed = take(); seed !== undefined; seed = take()) fold(await playSeed(seed));
  else await Promise.all(Array.from({ length: options.workers }, () => employ(options.workerFile, take, fold)));
  const seconds = (performance.now() - startedMs) / 1000;
  return { tally, broken: broken.sort((a, b) => a.seed - b.seed), seconds };
}

/** One worker thread, which is given seeds until there are none left. */
function employ(file: URL, take: () => number | undefined, fold: (result: SeedResult) => void): Promise<void> {
  const worker = new Worker(file, { workerData: WORKER });
  const { promise, resolve, reject } = Promise.withResolvers<void>();
  let open = 0;
  const give = (): void => {
    for (; open < CHUNK; open += 1) {
      const seed = take();
      if (seed === undefined) break;
      worker.postMessage(seed);
    }
    if (open === 0) void worker.terminate();
  };
  worker.on('message', (result: SeedResult) => {
    open -= 1;
    fold(result);
    give();
  });
  worker.on('error', reject);
  worker.on('exit', () => resolve());
  give();
  return promise;
}

/** How a worker knows that it is one of these. */
export const WORKER = 'salvor simulate';
