/**
 * The main job on a real Nova: a host's nova-compute dies while its guests run on, one agent says so, and each
 * instance ends as docs/instance-states.md says: one row of that table, one assertion here.
 */
import { afterAll, beforeAll, expect, it } from 'vitest';
import type { AuditRecord } from '#shared/domain/audit.ts';
import type { Forecast } from '#shared/domain/forecast/what-if.ts';
import type { IncidentEntry } from '#shared/state/hosts.ts';
import { type Audit, readIncidentAudit } from '#shared/state/read-audit.ts';
import { loadTasks } from '#shared/state/tasks.ts';
import { evacuationsOf } from './evacuation.ts';
import { foretell } from './foretold.ts';
import { type RigPipeline, rigPolicy, startRigPipeline } from './pipeline.ts';
import { boot, readServer, waitForServer } from './servers.ts';
import { serviceOf } from './services.ts';
import { bootInto, bootLockedByOwner, type ReachableStatus, type WrittenState, writeState } from './states.ts';
import { describeOnRig, type RigBench } from './suite.ts';

const host = 'compute-1';
const otherHost = 'compute-2';
const ASSUMED = { novaDownSeconds: 0, fencingSeconds: 5, evacuationSeconds: 10, rebuildSeconds: 20 };

interface Row {
  readonly is: ReachableStatus;
  readonly count?: number;
  /** Written into Nova's database when the host has died, as it left it. */
  readonly written?: WrittenState;
  readonly metadata?: Readonly<Record<string, string>>;
  /** What salvor says of it; undefined when it has no task, since it was on no host. */
  readonly outcome: 'recovered' | 'left' | 'not-protected' | 'not-recoverable' | 'person' | undefined;
  readonly ends: string;
}

const ROWS: readonly Row[] = [
  { is: 'ACTIVE', count: 6, outcome: 'recovered', ends: 'ACTIVE' },
  { is: 'SHUTOFF', count: 2, outcome: 'recovered', ends: 'SHUTOFF' },
  { is: 'ERROR', outcome: 'recovered', ends: 'ACTIVE' },
  { is: 'PAUSED', outcome: 'recovered', ends: 'SHUTOFF' },
  { is: 'RESCUED', outcome: 'recovered', ends: 'SHUTOFF' },
  { is: 'SUSPENDED', outcome: 'person', ends: 'SUSPENDED' },
  { is: 'VERIFY_RESIZE', outcome: 'person', ends: 'VERIFY_RESIZE' },
  { is: 'SHELVED', outcome: 'left', ends: 'SHELVED' },
  { is: 'SHELVED_OFFLOADED', outcome: undefined, ends: 'SHELVED_OFFLOADED' },
  { is: 'ACTIVE', written: { taskState: 'rebooting' }, outcome: 'recovered', ends: 'ACTIVE' },
  { is: 'ACTIVE', written: { taskState: 'image_snapshot' }, outcome: 'recovered', ends: 'ACTIVE' },
  { is: 'ACTIVE', written: { taskState: 'powering-off' }, outcome: 'recovered', ends: 'SHUTOFF' },
  { is: 'ACTIVE', written: { taskState: 'deleting' }, outcome: 'left', ends: 'ACTIVE' },
  { is: 'ACTIVE', written: { taskState: 'migrating' }, outcome: 'person', ends: 'MIGRATING' },
  { is: 'ACTIVE', written: { taskState: 'resize_migrating' }, outcome: 'person', ends: 'RESIZE' },
  { is: 'ACTIVE', written: { taskState: 'rebuilding' }, outcome: 'person', ends: 'REBUILD' },
  { is: 'ACTIVE', written: { vmState: 'building', taskState: 'spawning' }, outcome: 'not-recoverable', ends: 'BUILD' },
  { is: 'ACTIVE', metadata: { HA_Enabled: 'false' }, outcome: 'not-protected', ends: 'ACTIVE' },
];

describeOnRig('a dead host on a real Nova', (bench) => {
  const ids = new Map<Row, string[]>();
  let locked = '';
  let pipeline: RigPipeline;
  let forecast: Forecast;
  let incident: IncidentEntry;
  let audit: Audit;

  beforeAll(async () => {
    const { rig, admin, base } = bench();
    for (const row of ROWS) ids.set(row, await bootRow(bench(), row));
    locked = await bootLockedByOwner(rig, admin, base, host);
    pipeline = await startRigPipeline(rig, rigPolicy(rig, { evacuation: { retryBaseSeconds: 2 } }));

    forecast = (await foretell(pipeline, host, ASSUMED)).forecast;
    await rig.killCompute(host);
    for (const [row, [id = '']] of ids) if (row.written !== undefined) await writeState(rig, id, row.written);
    await pipeline.reportDown(host);
    incident = await pipeline.closed();
    audit = await readIncidentAudit(pipeline.embedded.state, incident);
  }, 600_000);

  afterAll(() => pipeline?.stop());

  it.each(ROWS.map((row) => [nameOf(row), row] as const))('%s', async (_name, row) => {
    const tasks = new Map(
      (await loadTasks(pipeline.embedded.state, incident.id)).map(({ value }) => [value.instanceId, value]),
    );
    for (const id of ids.get(row) ?? []) {
      const progress = tasks.get(id)?.progress;
      expect(progress?.status === 'ended' ? progress.outcome : undefined).toBe(row.outcome);
      const server = await waitForServer(bench().admin, id, ({ status }) => status === row.ends);
      if (row.outcome === 'recovered') {
        expect(server.host).not.toBe(host);
        expect(progress).toMatchObject({ destination: server.host });
      } else {
        expect(server.host).toBe(row.is === 'SHELVED_OFFLOADED' ? undefined : host);
        expect(await evacuationsOf(bench().admin, id)).toEqual([]);
      }
    }
  });

  it('came to what was forecast before it: the same instances, on the same set of hosts', async () => {
    const told = new Map(forecast.instances.map((each) => [each.id, each]));
    const tasks = (await loadTasks(pipeline.embedded.state, incident.id)).map(({ value }) => value);
    // What is written into the database as the host dies is news to a forecast.
    const news = new Set([...ids].flatMap(([{ written }, own]) => (written === undefined ? [] : own)));
    const judged = tasks.filter(({ instanceId }) => !news.has(instanceId));
    const came = judged.flatMap(({ instanceId, progress }) =>
      progress.status === 'ended' && progress.outcome === 'recovered'
        ? [{ instanceId, destination: progress.destination }]
        : [],
    );
    expect(judged.length).toBeGreaterThan(12);
    expect(new Set(came.map(({ instanceId }) => instanceId))).toEqual(
      new Set(judged.flatMap(({ instanceId }) => (told.get(instanceId)?.outcome === 'comes-back' ? [instanceId] : []))),
    );
    // The news shift whose turn a host is.
    const planned = new Set(came.map(({ instanceId }) => told.get(instanceId)?.destination));
    expect(new Set(came.map(({ destination }) => destination))).toEqual(planned);
  });

  it('brings an instance back that its owner has locked, and leaves the lock', async () => {
    const server = await readServer(bench().admin, locked);
    expect(server).toMatchObject({ status: 'ACTIVE', locked: true });
    expect(server.host).not.toBe(host);
  });

  it('never let a guest run twice: the ledger of the hypervisors has no DOUBLE', async () => {
    const ledger = await bench().rig.ledger();
    const mine = new Set([...ids.values()].flat());
    expect(ledger.filter(({ what, serverId }) => what === 'DOUBLE' && mine.has(serverId))).toEqual([]);
    const running = [...(ids.get(ROWS[0] as Row) ?? [])].map((id) =>
      ledger.findLast(({ serverId }) => serverId === id),
    );
    expect(running.map((entry) => entry?.what)).toEqual(running.map(() => 'on'));
  });

  it('had the host off and forced down before the first evacuate arrived', async () => {
    const off = (await bench().rig.ledger()).findLast((entry) => entry.host === host && entry.what === 'POWER-OFF');
    const intents = facts(audit).filter(({ fact }) => fact.type === 'evacuate-intended');
    expect(intents.length).toBeGreaterThan(10);
    expect(off?.atMs).toBeLessThan(Math.min(...intents.map(({ atMs }) => atMs)));
    const forcedDown = facts(audit).find(({ fact }) => fact.type === 'forced-down');
    expect(forcedDown?.atMs).toBeLessThanOrEqual(Math.min(...intents.map(({ atMs }) => atMs)));
    expect(await serviceOf(bench().admin, host)).toMatchObject({ forced_down: true, state: 'down' });
  });

  it('spread the instances over the other hosts', async () => {
    const recovered = facts(audit).flatMap(({ fact }) =>
      fact.type === 'task-ended' && fact.outcome === 'recovered' ? [fact.destination] : [],
    );
    const counts = [...Map.groupBy(recovered, String).values()].map((each) => each.length);
    expect(counts).toHaveLength(bench().rig.computes.length - 1);
    expect(Math.max(...counts) - Math.min(...counts)).toBeLessThanOrEqual(2);
  });

  it("kept a whole audit, with Nova's request ids", () => {
    expect([...audit.streams.values()].map(({ fault }) => fault).filter((fault) => fault !== undefined)).toEqual([]);
    const accepted = facts(audit).filter(({ fact }) => fact.type === 'evacuate-answered' && fact.answer === 'accepted');
    expect(accepted.length).toBeGreaterThan(10);
    for (const { fact } of accepted) expect(fact.requestId).toMatch(/^req-/);
    expect(incident.outcome).toBe('partly-recovered');
  });
});

const facts = ({ streams }: Audit): readonly AuditRecord[] => [...streams.values()].flatMap(({ records }) => records);

async function bootRow({ admin, base }: RigBench, { is, count = 1, metadata }: Row): Promise<string[]> {
  if (metadata !== undefined) return boot(admin, base, { count, host, metadata });
  const booted: string[] = [];
  for (let each = 0; each < count; each += 1) booted.push(await bootInto(admin, base, { status: is, host, otherHost }));
  return booted;
}

function nameOf({ is, written, metadata, outcome, ends }: Row): string {
  const also = written === undefined ? '' : ` with ${Object.values(written).join(' and ')}`;
  const opted = metadata === undefined ? '' : ' that opted out';
  return `${is}${also}${opted}: ${outcome ?? 'not on the host'}, ${ends}`;
}
