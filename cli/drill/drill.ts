import { setTimeout as pause } from 'node:timers/promises';
import type { AuditRecord } from '#shared/domain/audit.ts';
import { type StoryLine, tell } from '#shared/domain/story/story.ts';
import type { Log } from '#shared/services.ts';
import { listIncidents } from '#shared/state/hosts.ts';
import { readAudit } from '#shared/state/read-audit.ts';
import { type DrillFault, type Ending, FAULTS } from './faults.ts';
import { type Figures, figuresOf } from './figures.ts';
import type { DrillOptions } from './options.ts';
import { type Sabotage, type Stage, setStage } from './stage.ts';
import { type Evidence, type Verdict, verify } from './verify.ts';

/** What one who watches is told while it runs. */
export interface Audience {
  scene(text: string): void;
  line(line: StoryLine & { readonly sinceDeathMs: number }): void;
  progress(done: number, total: number): void;
}

export interface DrillResult {
  readonly fault: string | null;
  readonly expected: Ending;
  readonly ended: Ending | 'nothing';
  readonly incidentId: string | null;
  readonly figures: Figures;
  readonly verdicts: readonly Verdict[];
  /** Every invariant held and it ended as it must. */
  readonly well: boolean;
  /** 0: all recovered. 3: rightly not recovered. 1: something is wrong. */
  readonly exitCode: 0 | 1 | 3;
}

type Streams = Evidence['audit'];

const NO_FAULT: DrillFault = { story: 'one host dies', ending: 'recovered' };
const LOOK_MS = 100;

/** Kills a host of a simulated cloud, lets agents report it, watches the pipeline, and checks what it did. */
export async function runDrill(
  options: DrillOptions,
  audience: Audience,
  log: Log,
  sabotage: Sabotage = {},
): Promise<DrillResult> {
  const { breaks } = sabotage;
  const fault = options.fault === undefined ? NO_FAULT : FAULTS[options.fault];
  const stage = await setStage(options, log, sabotage);
  try {
    const { cloud, victim, protectedBefore, unprotected } = stage;
    const victims = cloud
      .hosts()
      .slice(0, 1 + (fault.alsoDie ?? 0))
      .map((host) => host.name);
    audience.scene(
      `a cloud of ${options.hosts} hosts; ${victim} holds ${protectedBefore.length + unprotected.length} instances, ${unprotected.length} of them opted out`,
    );
    if (options.fault !== undefined) audience.scene(`fault: ${fault.story}`);
    const diedAtMs = await kill(stage, fault, victims);
    audience.scene(deathNotice(stage, victims));
    if (stage.consoleUrl !== undefined) audience.scene(`watch it at ${stage.consoleUrl}`);
    const scene = { cloud, victim, agents: stage.agents };
    const judge = (audit: Streams): readonly Verdict[] =>
      verify({ cloud, victims, protectedBefore, unprotected, mustRecover: fault.ending === 'recovered', audit });
    const reporting = report(stage, fault, victims);
    const ended = await watch(stage, fault, {
      diedAtMs,
      audience,
      limitMs: limitOf(options),
      onFirstEvacuation: () => fault.afterFirstEvacuation?.(scene),
      isLost: (audit) => breaks !== undefined && judge(audit).some((each) => isBroken(each) && breaks.test(each.rule)),
    });
    await reporting;
    const audit = await readAudit(stage.embedded.state, stage.policy.cloud);
    const verdicts = judge(audit.streams);
    const well = ended === fault.ending && !verdicts.some(isBroken);
    const figures = figuresOf(
      stage,
      diedAtMs,
      [...audit.streams.values()].flatMap((stream) => stream.records),
    );
    const incidentId = (await firstIncidentOf(stage))?.id ?? null;
    const exitCode = !well ? 1 : fault.ending === 'recovered' ? 0 : 3;
    await options.until?.();
    return {
      fault: options.fault ?? null,
      expected: fault.ending,
      ended,
      incidentId,
      figures,
      verdicts,
      well,
      exitCode,
    };
  } finally {
    await stage.stop();
  }
}

function deathNotice({ cloud }: Stage, victims: readonly string[]): string {
  const running = victims.some((host) => cloud.host(host).guests.size > 0);
  return `${victims.join(', ')} died: nova-compute is gone, the guests ${running ? 'still run' : 'are gone as well'}`;
}

async function kill({ cloud, agents, victim }: Stage, fault: DrillFault, victims: readonly string[]): Promise<number> {
  fault.prepare?.({ cloud, victim, agents });
  for (const host of victims) cloud.killHost(host, { leaveGuestsRunning: cloud.host(host).power === 'on' });
  return Date.now();
}

async function report({ cloud, agents, victim }: Stage, fault: DrillFault, victims: readonly string[]): Promise<void> {
  await pause(300);
  if (fault.isAlone) return;
  for (const host of victims) await agents.reportAll('host.down', host);
  await fault.afterReports?.({ cloud, agents, victim });
}

/** After this long the drill will not end as it must, on a busy machine either. */
const limitOf = ({ graceSeconds, instances, evacuationSeconds }: DrillOptions): number =>
  1000 * (graceSeconds + 90 + instances * evacuationSeconds);

interface Watching {
  readonly diedAtMs: number;
  readonly limitMs: number;
  readonly audience: Audience;
  readonly onFirstEvacuation: () => Promise<void> | undefined;
  /** Whether there is nothing more to wait for, however it would have ended. */
  readonly isLost: (audit: Streams) => boolean;
}

/** Tells the story as the audit log grows, until the drill has ended one way or the other. */
async function watch(
  stage: Stage,
  fault: DrillFault,
  { diedAtMs, limitMs, audience, onFirstEvacuation, isLost }: Watching,
): Promise<Ending | 'nothing'> {
  const told = new Map<string, number>();
  const names = new Map(stage.cloud.servers().map((server) => [server.id, server.name]));
  const nameOf = (stream: string): string => names.get(stream.split('#').at(-1) ?? '') ?? stage.victim;
  let evacuating: Promise<void> | undefined;
  while (Date.now() - diedAtMs < limitMs) {
    const { streams } = await readAudit(stage.embedded.state, stage.policy.cloud);
    const fresh: AuditRecord[] = [];
    for (const [stream, { records }] of streams) {
      fresh.push(...records.slice(told.get(stream) ?? 0));
      told.set(stream, records.length);
    }
    for (const record of fresh.sort((a, b) => a.atMs - b.atMs)) {
      const line = tell(record, nameOf);
      if (line !== undefined) audience.line({ ...line, sinceDeathMs: line.atMs - diedAtMs });
    }
    const all = [...streams.values()].flatMap(({ records }) => records);
    audience.progress(all.filter(isRecovered).length, stage.protectedBefore.length);
    if (evacuating === undefined && all.some((record) => record.fact.type === 'evacuate-answered'))
      evacuating = onFirstEvacuation() ?? Promise.resolve();
    const ended = endingOf(all, fault.ending);
    if (ended !== undefined) {
      await evacuating;
      return ended;
    }
    if (isLost(streams)) return 'nothing';
    await pause(LOOK_MS);
  }
  return 'nothing';
}

const isBroken = ({ broken }: Verdict): boolean => broken.length > 0;
const isRecovered = ({ fact }: AuditRecord): boolean => fact.type === 'task-ended' && fact.outcome === 'recovered';

/** How it has ended, as far as it has. What goes on for ever by design (a dead BMC, a held host) ends after a few looks. */
function endingOf(records: readonly AuditRecord[], expected: Ending): Ending | undefined {
  const closed = records.find(({ fact }) => fact.type === 'incident-closed')?.fact;
  if (closed !== undefined) return closed.outcome === 'stood-down' ? 'stood-down' : 'recovered';
  const count = (type: string): number => records.filter(({ fact }) => fact.type === type).length;
  if (expected === 'not-fenced' && count('fence-failed') >= 3) return 'not-fenced';
  if (expected === 'held' && count('held') >= 1) return 'held';
  return undefined;
}

async function firstIncidentOf({ embedded }: Stage) {
  for await (const incident of listIncidents(embedded.state)) return incident;
  return undefined;
}
