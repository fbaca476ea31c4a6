import { execFile } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { openQueueJournal } from '#infra/embedded/queue-journal.ts';
import { QUEUES_FOLDER } from '#infra/embedded/state-dir.ts';
import { type Judgement, judge } from './judge.ts';
import { type Life, startLife } from './life.ts';
import type { Call, Moment, Point } from './points.ts';
import { type Reporters, reporters } from './reporters.ts';
import { type Scene, setScene, WORKER } from './scene.ts';
import { auditOf, recordedMessages, withState } from './state.ts';
import { tellStory } from './story.ts';
import { workerOf } from './worker.ts';

export interface RoundOrders {
  readonly seed: number;
  /** Where the pipeline is killed, each once, and how many times it passes there before. */
  readonly stops: ReadonlyMap<Point, number>;
  readonly limitSeconds: number;
}

export interface RoundResult extends Judgement {
  readonly seed: number;
  readonly kills: readonly Point[];
  /** From a process's start to the moment at which its endpoint is open and all that was open is pushed on. */
  readonly startsMs: readonly number[];
  readonly seconds: number;
  /** Kept when something is broken. */
  readonly folder: string | undefined;
}

const SALVOR = fileURLToPath(new URL('../../cli/salvor.mjs', import.meta.url));
const LOOK_MS = 500;
/** The mirror runs each minute: then a host that has joined late is known; and what was said of it is sent again a minute later. */
const SETTLED_WITHIN_MS = 180_000;
/** A request that was under way when its sender died takes effect within this, or never. */
const LATE_MS = 400;

/** One recovery of two hosts on one state folder, through as many processes as there are kills. */
export async function runRound({ seed, stops, limitSeconds }: RoundOrders): Promise<RoundResult> {
  const startedMs = performance.now();
  const stateDir = mkdtempSync(join(tmpdir(), 'salvor-soak-'));
  const remaining = new Map(stops);
  const kills: Point[] = [];
  const startsMs: number[] = [];
  let life: Life | undefined;

  /** Whether it is time to die at this point of the cloud's side. */
  const isDue = (point: Point): boolean => {
    const passesLeft = remaining.get(point);
    if (passesLeft === undefined || life === undefined || life.worn()) return false;
    if (passesLeft > 0) remaining.set(point, passesLeft - 1);
    return passesLeft === 0;
  };
  const proxy = async (call: Call | undefined, pass: () => Promise<Response>): Promise<Response> => {
    const at = (moment: Moment): Point => `${call ?? 'token'}/${moment}`;
    const sender = life;
    if (call === undefined || sender === undefined) return pass();
    if (isDue(at('under way')) && (await sender.kill(at('under way')))) {
      await pause(Math.random() * LATE_MS);
      return Math.random() < 0.5 ? pass() : new Response(null, { status: 499 });
    }
    const answer = await pass();
    if (isDue(at('after effect'))) await sender.kill(at('after effect'));
    return answer;
  };

  const scene = await setScene(seed, proxy);
  const agents = reporters(() => life?.ready());
  const worker = workerOf(WORKER, () => life?.ready());
  const lives = async (): Promise<void> => {
    for (;;) {
      const { address: cloud, policy } = scene;
      life = startLife({ stateDir, cloud, policy, stops: Object.fromEntries(remaining) });
      const point = await life.ended;
      const readyMs = life.readyMs();
      if (readyMs !== undefined) startsMs.push(readyMs);
      if (point === undefined) return;
      remaining.delete(point);
      kills.push(point);
    }
  };
  const disarm = (): void => {
    remaining.clear();
    life?.disarm();
  };

  let trouble: string[] = [];
  const living = lives();
  try {
    const deadlineMs = performance.now() + limitSeconds * 1000;
    const story = tellStory(scene, { agents, worker }, stateDir, deadlineMs);
    await Promise.race([story, living.then(() => Promise.reject(new Error('the pipeline ended early')))]);
    disarm();
    await settled(() => life, scene, stateDir, agents);
  } catch (error) {
    trouble = [error instanceof Error ? error.message : String(error)];
  }
  agents.stop();
  worker.stop();
  life?.end();
  const ended = await Promise.race([living.then(() => true), pause(30_000, false)]).catch(() => true);
  if (!ended) {
    trouble.push('the pipeline did not end when it was asked to');
    await life?.kill('sweep/before acknowledge');
  }
  const judgement = await withState(stateDir, (state) => judge(scene, agents.accepted, state, 1));
  await scene.cloud.stop();
  const broken = [...trouble, ...queuesLeft(stateDir), ...judgement.broken];
  if (broken.length === 0) rmSync(stateDir, { recursive: true, force: true });
  const seconds = (performance.now() - startedMs) / 1000;
  return { ...judgement, broken, seed, kills, startsMs, seconds, folder: broken.length === 0 ? undefined : stateDir };
}

/** As an operator does, when kills have struck a message so often that it lies in a dead-letter queue. */
async function redrive(stateDir: string): Promise<void> {
  await promisify(execFile)(process.execPath, [SALVOR, '--state-dir', stateDir, 'redrive', '--go']);
}

/** Until every event is on record and every queue is empty, dead letters included. */
async function settled(
  life: () => Life | undefined,
  scene: Scene,
  stateDir: string,
  { accepted }: Reporters,
): Promise<void> {
  const deadlineMs = performance.now() + SETTLED_WITHIN_MS;
  for (;;) {
    const recorded = recordedMessages(await withState(stateDir, (state) => auditOf(scene, state)));
    const missing = [...accepted].filter((id) => !recorded.has(id)).length;
    const now = life();
    const depths = await Promise.race([now?.depths(), pause(LOOK_MS, undefined)]);
    if (missing === 0 && depths?.waiting === 0) {
      if (depths.deadLettered === 0) return;
      await redrive(stateDir);
    }
    if (performance.now() > deadlineMs)
      throw new Error(`${missing} events are not on record, ${depths?.waiting} messages wait, when time is over`);
    await pause(LOOK_MS);
  }
}

/** What the sweep puts there each minute for the minute to come: nothing is lost with it. */
const LOOKS_TO_COME = 'watch-hosts';

/** What lies in the queues' file, dead letters included, when no process has it open. */
function queuesLeft(stateDir: string): readonly string[] {
  const journal = openQueueJournal(join(stateDir, QUEUES_FOLDER, 'queues.sqlite'));
  try {
    return [...journal.kept]
      .filter(([queue]) => queue !== LOOKS_TO_COME)
      .map(([queue, messages]) => `${messages.length} messages are left in ${queue}`);
  } finally {
    journal.close();
  }
}
