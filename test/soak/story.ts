import { setTimeout as pause } from 'node:timers/promises';
import { type IncidentEntry, listIncidents } from '#shared/state/hosts.ts';
import { beside } from './beside.ts';
import type { Reporters } from './reporters.ts';
import { BYSTANDER, LATECOMER, type Scene, VICTIMS } from './scene.ts';
import { withState } from './state.ts';
import type { Worker } from './worker.ts';

const LOOK_MS = 500;
const REPORT_EVERY_MS = 100;
/** Both victims are held for a while, so that there is something to release. */
const DISARMED_SECONDS = 5;
/** An operator who says something without effect keeps at it: each word must be on record. */
const LOOKS_PER_WORD = 2;

/**
 * An operator disarms salvor, two hosts die and are reported, one joins, and another is talked about all the time; besides,
 * one is worked on, a process stops and an instance crashes. Resolves when both incidents are closed, and all of that is over.
 */
export async function tellStory(
  scene: Scene,
  { agents, worker }: { readonly agents: Reporters; readonly worker: Worker },
  stateDir: string,
  deadlineMs: number,
): Promise<void> {
  const { cloud } = scene;
  await agents.report({ type: 'process.down', data: { host: LATECOMER, process: 'libvirtd' } }, '/agents/early');
  await agents.command({ type: 'disarm', forSeconds: DISARMED_SECONDS });
  for (const victim of VICTIMS) cloud.killHost(victim, { leaveGuestsRunning: true });
  for (const source of ['/agents/consul', '/agents/pacemaker'])
    for (const host of VICTIMS) await agents.report({ type: 'host.down', data: { host } }, source);
  cloud.addHost({ name: LATECOMER });
  const others = await beside(scene, agents, stateDir, worker);
  for (let look = 0; ; look += 1) {
    const incidents = await withState(stateDir, (state) => Array.fromAsync(listIncidents(state)));
    const [open] = incidents.filter(({ closedAtMs }) => closedAtMs === null);
    const isOver = await others.look();
    if (incidents.length === VICTIMS.length && open === undefined && isOver) return;
    if (open !== undefined && look % LOOKS_PER_WORD === 0) await agents.command(releaseOf(open));
    for (const lookedAtMs = performance.now(); performance.now() - lookedAtMs < LOOK_MS; await pause(REPORT_EVERY_MS)) {
      const data = { host: BYSTANDER, process: 'libvirtd' };
      await agents.report({ type: 'process.down', data }, `/agents/${look % 3}`);
    }
    if (performance.now() > deadlineMs)
      throw new Error('the incidents were not closed in time, or what went on beside them');
  }
}

/** Obeyed while the host is held, though it opens no gate that is closed here; refused otherwise. */
const releaseOf = ({ hostKey, id }: IncidentEntry): object => ({
  type: 'release',
  hostKey,
  incidentId: id,
  gates: ['segment-rate'],
});
