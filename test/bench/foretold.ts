import type { Pace } from '#shared/domain/forecast/pace.ts';
import { type Policy, policySchema } from '#shared/domain/policy.ts';
import { loadTasks } from '#shared/state/tasks.ts';
import type { OpenStackApi } from '#test/openstack/api.ts';
import { signIn } from '#test/openstack/api.ts';
import { type Base, seedBase } from '#test/openstack/base.ts';
import { type Compared, compare, type Foretold, foretell } from '#test/openstack/foretold.ts';
import { type RigPipeline, rigPolicy, startRigPipeline } from '#test/openstack/pipeline.ts';
import { until } from '#test/openstack/poll.ts';
import { openRig, type Rig } from '#test/openstack/rig.ts';
import { boot, snapshotOf } from '#test/openstack/servers.ts';
import { bootInto, pretendBootedFromVolume } from '#test/openstack/states.ts';
import { tidy } from '#test/openstack/suite.ts';

/** Hosts of a real Nova that fail in turn, each foretold right before by what is on record of those before it. */
export interface ForetoldFigures {
  readonly computes: number;
  readonly rounds: readonly (Compared & {
    /** Recoveries on record, by which the times were foretold; 0: they were assumed. */
    readonly measured: number;
    /** From the first report to the last instance that came back. */
    readonly toldSeconds: number;
    readonly realSeconds: number;
  })[];
}

const COMPUTES = 5;
/** As `salvor what-if` assumes it. */
const ASSUMED = { novaDownSeconds: 60, fencingSeconds: 30, evacuationSeconds: 60, rebuildSeconds: 120 };
const LOCAL = { 'rig:local_disk': 'true' };
const ASKED = { ...LOCAL, 'salvor:restart_from_snapshot': 'true' };

/** @param rounds hosts, one after the other; at most as many as there are computes */
export async function measureForetold(rounds: number, say: (line: string) => void): Promise<ForetoldFigures> {
  const rig = await openRig({ computes: COMPUTES });
  const admin = await signIn(rig.authUrl, rig.accounts.admin);
  await tidy(rig, admin);
  const base = await seedBase(admin, rig.computes);
  const pipeline = await startRigPipeline(rig, policyFor(rig));
  const measured: ForetoldFigures['rounds'][number][] = [];
  try {
    for (const [index, host] of rig.computes.slice(0, rounds).entries()) {
      const round = await measureOnce(rig, admin, base, pipeline, host);
      measured.push(round);
      say(`  round ${index + 1} of ${rounds}: ${JSON.stringify(round)}`);
      await tidy(rig, admin);
      await pipeline.report('host.up', { host });
    }
    return { computes: COMPUTES, rounds: measured };
  } finally {
    await pipeline.stop();
    await rig.down();
  }
}

/** Instances with a volume come back as they are; those on a disk of their host from a snapshot, if their owner has asked. */
function policyFor(rig: Rig): Policy {
  const limits = { maxHosts: 20, maxPercent: 100 };
  const instances = { restartFromSnapshot: { maxAgeSeconds: 3600 } };
  const policy = rigPolicy(rig, { instances, storm: limits, evacuation: { pollSeconds: 1 } });
  return policySchema.parse({ ...policy, global: { ...policy.global, storm: limits } });
}

async function measureOnce(
  rig: Rig,
  admin: OpenStackApi,
  base: Base,
  pipeline: RigPipeline,
  host: string,
): Promise<ForetoldFigures['rounds'][number]> {
  await fill(rig, admin, base, host);
  const { forecast, pace } = await foretell(pipeline, host, ASSUMED);
  await rig.killCompute(host);
  await pipeline.reportDown(host);
  const incident = await until('its incident to be closed', async () => {
    const closed = await pipeline.closed();
    return closed.host === host ? closed : undefined;
  });
  const tasks = (await loadTasks(pipeline.embedded.state, incident.id)).map(({ value }) => value);
  const backAtMs = tasks.flatMap(({ progress }) =>
    progress.status === 'ended' && ['recovered', 'restarted-from-snapshot'].includes(progress.outcome)
      ? [progress.atMs]
      : [],
  );
  return {
    ...compare(forecast, tasks),
    measured: recorded(pace),
    toldSeconds: lastUp(forecast),
    realSeconds: (Math.max(...backAtMs) - incident.openedAtMs) / 1000,
  };
}

const recorded = ({ fencingSeconds }: Pace): number => fencingSeconds.of;
const lastUp = ({ instances }: Foretold['forecast']): number =>
  Math.max(...instances.map(({ times }) => times?.upAtSeconds ?? 0));

/** Sixteen instances, of each kind that a forecast tells apart. */
async function fill(rig: Rig, admin: OpenStackApi, base: Base, host: string): Promise<void> {
  const otherHost = rig.computes.find((each) => each !== host) ?? host;
  const onVolume = [
    ...(await boot(admin, base, { count: 8, host })),
    ...(await boot(admin, base, { count: 1, host, name: 'opted-out', metadata: { HA_Enabled: 'false' } })),
    ...(await boot(admin, base, { count: 2, host, name: 'apart', serverGroup: 'soft-anti-affinity' })),
    await bootInto(admin, base, { status: 'SHUTOFF', host, otherHost }),
    await bootInto(admin, base, { status: 'SUSPENDED', host, otherHost }),
  ];
  for (const id of onVolume) await pretendBootedFromVolume(rig, id);
  const asked = await boot(admin, base, { count: 2, host, name: 'asked', metadata: ASKED });
  for (const id of asked) await snapshotOf(admin, id);
  await boot(admin, base, { count: 1, host, name: 'silent', metadata: LOCAL });
}

export function foretoldPart(machine: string, { computes, rounds }: ForetoldFigures): string[] {
  const row = (name: string, of: (round: ForetoldFigures['rounds'][number]) => number | string): string =>
    `| ${name} | ${rounds.map(of).join(' | ')} |`;
  const last = rounds.at(-1);
  return [
    '',
    '## A forecast, and what then happened on a real Nova',
    '',
    machine,
    '',
    `One of ${computes} hosts after the other fails, and \`salvor what-if --live\` is asked right before. Its instances have volumes or disks of`,
    'their own, run, are stopped or suspended, are in a server group, opted out, or to be restarted from a snapshot. The times of the first',
    'are assumed; those of the others rest on what is on record of the ones before. Seconds from the first report, grace 0.',
    '',
    `| | ${rounds.map((_, index) => `host ${index + 1}`).join(' | ')} |`,
    `| --- | ${rounds.map(() => '---').join(' | ')} |`,
    row('instances', ({ instances }) => instances),
    row('foretold to come back; of these came back', ({ toldBack, cameBack }) => `${toldBack}; ${cameBack}`),
    row('became of otherwise than foretold', ({ otherwise }) => otherwise),
    row(
      'destinations foretold; of these took an instance',
      ({ toldHosts, feasibleHosts }) => `${toldHosts}; ${feasibleHosts}`,
    ),
    row('came to the very host that was foretold', ({ sameHost, cameBack }) => `${sameHost} of ${cameBack}`),
    row('requests in vain', ({ inVain }) => inVain),
    row('recoveries on record before', ({ measured }) => measured),
    row('seconds to the last one up: foretold', ({ toldSeconds }) => toldSeconds.toFixed(1)),
    row('the same: real', ({ realSeconds }) => realSeconds.toFixed(1)),
    ...(last === undefined
      ? []
      : ['', `Foretold by real, of the last: **${(last.toldSeconds / last.realSeconds).toFixed(2)}**.`]),
  ];
}
