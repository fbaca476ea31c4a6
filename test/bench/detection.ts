import { readAudit } from '#shared/state/read-audit.ts';
import { signIn } from '#test/openstack/api.ts';
import { seedBase } from '#test/openstack/base.ts';
import { type RigPipeline, rigPolicy, startRigPipeline } from '#test/openstack/pipeline.ts';
import { openRig, type Rig } from '#test/openstack/rig.ts';
import { tidy } from '#test/openstack/suite.ts';
import { median } from './median.ts';

/** Seconds from the kill of a nova-compute on a real Nova with its default intervals, round by round. */
export interface DetectionFigures {
  readonly everySeconds: number;
  readonly staleSeconds: number;
  /** Until Nova's word was heard: the incident opened. */
  readonly heard: readonly number[];
  /** Until it was decided, without a grace period, by Nova's word alone. */
  readonly confirmed: readonly number[];
  /** The same with `requireNovaDown`: Nova's own state must say so too. */
  readonly confirmedWithNova: readonly number[];
  readonly medians: { readonly heard: number; readonly confirmed: number; readonly confirmedWithNova: number };
}

const COMPUTES = 4;
const WATCH = { everySeconds: 5, nova: true, staleSeconds: 30 };
/** Nova's own defaults: report_interval and service_down_time. */
const NOVA_DEFAULTS = { RIG_REPORT_INTERVAL_SECONDS: '10', RIG_SERVICE_DOWN_SECONDS: '60' };
const PATIENCE_MS = 180_000;

export async function measureDetection(rounds: number, say: (line: string) => void): Promise<DetectionFigures> {
  const rig = await openRig({ computes: COMPUTES, env: NOVA_DEFAULTS });
  const [heard, confirmed, confirmedWithNova]: [number[], number[], number[]] = [[], [], []];
  try {
    for (let round = 0; round < rounds; round += 1) {
      const alone = await measureOnce(rig, false);
      const withNova = await measureOnce(rig, true);
      heard.push(alone.heard, withNova.heard);
      confirmed.push(alone.confirmed);
      confirmedWithNova.push(withNova.confirmed);
      say(`  round ${round + 1} of ${rounds}: ${JSON.stringify({ alone, withNova })}`);
    }
  } finally {
    await rig.down();
  }
  const medians = { heard: median(heard), confirmed: median(confirmed), confirmedWithNova: median(confirmedWithNova) };
  const { everySeconds, staleSeconds } = WATCH;
  return { everySeconds, staleSeconds, heard, confirmed, confirmedWithNova, medians };
}

async function measureOnce(rig: Rig, requireNovaDown: boolean): Promise<{ heard: number; confirmed: number }> {
  const admin = await signIn(rig.authUrl, rig.accounts.admin);
  await tidy(rig, admin);
  await seedBase(admin, rig.computes);
  const policy = { ...rigPolicy(rig, { graceSeconds: 0, requireNovaDown }), watch: WATCH };
  const pipeline = await startRigPipeline(rig, policy);
  try {
    // Anywhere in the service's interval.
    await new Promise((resolve) => setTimeout(resolve, Math.random() * 10_000));
    await rig.killCompute('compute-1');
    const killedMs = Date.now();
    const at = await moments(pipeline, killedMs + PATIENCE_MS);
    return { heard: (at.heardMs - killedMs) / 1000, confirmed: (at.confirmedMs - killedMs) / 1000 };
  } finally {
    await pipeline.stop();
  }
}

async function moments({ embedded, policy }: RigPipeline, untilMs: number) {
  while (Date.now() < untilMs) {
    const { streams } = await readAudit(embedded.state, policy.cloud);
    const records = [...streams.values()].flatMap((stream) => stream.records);
    const timeOf = (type: string) => records.find(({ fact }) => fact.type === type)?.atMs;
    const [heardMs, confirmedMs] = [timeOf('incident-opened'), timeOf('confirmed')];
    if (heardMs !== undefined && confirmedMs !== undefined) return { heardMs, confirmedMs };
    await new Promise((resolve) => setTimeout(resolve, 250));
  }
  throw new Error('nothing was confirmed');
}
