import { loadHost } from '#shared/state/hosts.ts';
import { listInstanceIncidents } from '#shared/state/instances.ts';
import { listProcessIncidents } from '#shared/state/processes.ts';
import type { Reporters } from './reporters.ts';
import { AILING, PROCESS, type Scene, WORKED } from './scene.ts';
import { withState } from './state.ts';
import type { Worker } from './worker.ts';

/** Kills may have used up all attempts to ask the worker: the process runs again then by itself. */
const RUNS_AGAIN_MS = 30_000;

/** What goes on while two hosts are recovered: each look says what comes next, and whether all of it is over. */
export interface Beside {
  look(): Promise<boolean>;
}

/** An operator works on one host, a process of another stops and runs again, and an instance crashes. */
export async function beside(
  { cloud, single, keyOf }: Scene,
  { report, command }: Reporters,
  stateDir: string,
  worker: Worker,
): Promise<Beside> {
  const ofProcess = (type: 'process.down' | 'process.up') =>
    report({ type, data: { host: AILING, process: PROCESS } }, '/agents/systemd');
  const hostKey = keyOf(WORKED);
  const data = { host: single.host, instanceId: single.id, event: 'STOPPED_FAILED' };
  await report({ type: 'instance.down', data }, '/agents/libvirt');
  await ofProcess('process.down');
  await command({ type: 'maintenance-on', hostKey, drain: false });
  const downAtMs = performance.now();
  let isUp = false;
  let isOff = false;
  return {
    look: () =>
      withState(stateDir, async (state) => {
        const [process] = await Array.fromAsync(listProcessIncidents(state));
        const [instance] = await Array.fromAsync(listInstanceIncidents(state));
        const worked = (await loadHost(state, hostKey))?.value;
        const isStarted = worker.taken() > 0 || performance.now() - downAtMs > RUNS_AGAIN_MS;
        if (!isUp && isStarted && cloud.host(AILING).disabled) {
          isUp = true;
          await ofProcess('process.up');
        }
        if (!isOff && worked?.maintenance?.status === 'away') {
          isOff = true;
          await command({ type: 'maintenance-off', hostKey });
        }
        const isBack = worked?.maintenance == null && worked?.returning == null && worked?.lastReturn !== undefined;
        return isBack && process?.closedAtMs != null && instance?.closedAtMs != null;
      }),
  };
}
