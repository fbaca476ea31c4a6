import { signIn } from '#test/openstack/api.ts';
import { seedBase } from '#test/openstack/base.ts';
import { rigPolicy, startRigPipeline } from '#test/openstack/pipeline.ts';
import { openRig, type Rig } from '#test/openstack/rig.ts';
import { boot, readServer } from '#test/openstack/servers.ts';
import { tidy } from '#test/openstack/suite.ts';
import { bareScript } from './bare-script.ts';
import { median } from './median.ts';

/** Seconds from the accepted event, or the script's start, until the last guest runs elsewhere by the hypervisors' ledger. */
export interface OpenStackFigures {
  readonly instances: number;
  readonly computes: number;
  readonly salvorSeconds: readonly number[];
  readonly spreadScriptSeconds: readonly number[];
  readonly schedulerScriptSeconds: readonly number[];
  /** Pair by pair, against the script of the same round that was better. */
  readonly ratios: readonly number[];
  readonly medianRatio: number;
  readonly doubles: number;
}

const HOST = 'compute-1';
const COMPUTES = 6;

type Way = 'salvor' | 'spread' | 'scheduler';

/** @param rounds pairs of salvor and the scripts, one after the other, so that the machine's drift meets them alike. */
export async function measureOpenStack(
  rounds: number,
  instances: number,
  say: (line: string) => void,
): Promise<OpenStackFigures> {
  const rig = await openRig({ computes: COMPUTES });
  const seconds: Record<Way, number[]> = { salvor: [], spread: [], scheduler: [] };
  try {
    for (let round = 0; round < rounds; round += 1) {
      const order: Way[] = round % 2 === 0 ? ['salvor', 'spread', 'scheduler'] : ['scheduler', 'spread', 'salvor'];
      for (const way of order) {
        const took = await measureOnce(rig, way, instances);
        seconds[way].push(took);
        say(`  round ${round + 1} of ${rounds}: ${way} ${took.toFixed(1)} s`);
      }
    }
    const ratios = seconds.salvor.map(
      (salvor, round) => salvor / Math.min(seconds.spread[round] ?? salvor, seconds.scheduler[round] ?? salvor),
    );
    const doubles = (await rig.ledger()).filter(({ what }) => what === 'DOUBLE').length;
    return {
      instances,
      computes: COMPUTES,
      salvorSeconds: seconds.salvor,
      spreadScriptSeconds: seconds.spread,
      schedulerScriptSeconds: seconds.scheduler,
      ratios,
      medianRatio: median(ratios),
      doubles,
    };
  } finally {
    await rig.down();
  }
}

async function measureOnce(rig: Rig, way: Way, instances: number): Promise<number> {
  const admin = await signIn(rig.authUrl, rig.accounts.admin);
  await tidy(rig, admin);
  const base = await seedBase(admin, rig.computes);
  const ids = await boot(admin, base, { count: instances, host: HOST });
  const pipeline = way === 'salvor' ? await startRigPipeline(rig, benchPolicy(rig)) : undefined;
  try {
    await rig.killCompute(HOST);
    const startedMs = Date.now();
    if (pipeline !== undefined) {
      await pipeline.reportDown(HOST);
      await pipeline.closed();
    } else await bareScript(rig, admin, HOST, ids, way === 'spread');
    return ((await lastOn(rig, admin, ids)) - startedMs) / 1000;
  } finally {
    await pipeline?.stop();
  }
}

const benchPolicy = (rig: Rig) => rigPolicy(rig, { evacuation: { maxInFlight: 100, maxInFlightPerDestination: 100 } });

async function lastOn(rig: Rig, admin: Awaited<ReturnType<typeof signIn>>, ids: readonly string[]): Promise<number> {
  for (const id of ids) {
    const { status, host } = await readServer(admin, id);
    if (status !== 'ACTIVE' || host === HOST) throw new Error(`instance ${id} is ${status} on ${host}`);
  }
  const mine = new Set(ids);
  return Math.max(
    ...(await rig.ledger()).filter(({ what, serverId }) => what === 'on' && mine.has(serverId)).map(({ atMs }) => atMs),
  );
}
