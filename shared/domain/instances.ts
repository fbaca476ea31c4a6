import type { Segment } from './policy.ts';
import { notProtected } from './protect.ts';
import { restorableFrom, toldOf } from './restore/snapshot.ts';
import type { SeenMigration, SeenServer, SeenSnapshot, Signs } from './seen.ts';

/**
 * How Nova is asked, so that an instance ends as its owner would want. Nova starts an instance in ERROR whatever
 * it was before, and evacuates some states only after os-resetState; from microversion 2.95 on it stops an active
 * instance at the destination as soon as it was started there.
 */
export type EvacuationWay = 'as-it-was' | 'leave-stopped' | 'reset-and-leave-stopped';

/**
 * What becomes of an instance of a fenced host, by what Nova says of it. The table in `docs/instance-states.md`
 * has a row for each branch here, and each row an assertion on a real Nova.
 */
export type Verdict =
  /** Evacuate it this way, and that way if an attempt failed and left it in ERROR. */
  | {
      readonly kind: 'evacuate';
      readonly way: EvacuationWay;
      readonly wayAgain: EvacuationWay;
      readonly because: string;
      /** It comes back stopped, on a disk of its original image, and is started when that was made of this one. */
      readonly restore?: SeenSnapshot;
    }
  /** Leave it as it is: it is not protected, nothing is to be done for it, or nothing can be done. */
  | { readonly kind: 'leave'; readonly outcome: 'not-protected' | 'left' | 'not-recoverable'; readonly because: string }
  /** Nova is evacuating it already, and salvor did not ask for it: respect that and see how it ends. */
  | { readonly kind: 'watch'; readonly evacuation: SeenMigration; readonly because: string }
  /** Only a person can decide. */
  | { readonly kind: 'person'; readonly because: string };

export interface InstanceContext {
  readonly instances: Segment['instances'];
  readonly signs: Signs;
  /** Evacuations of this instance that Nova still works on. */
  readonly runningEvacuation: SeenMigration | undefined;
  /** Unfinished live or cold migration or resize of this instance. */
  readonly runningMigration: SeenMigration | undefined;
  /** It ran when it was planned to be restarted from a snapshot: a failed attempt leaves it in ERROR. */
  readonly restoring?: boolean;
}

const COMES_BACK_RUNNING = { way: 'as-it-was', wayAgain: 'as-it-was' } as const;
const STAYS_STOPPED = { way: 'as-it-was', wayAgain: 'reset-and-leave-stopped' } as const;
const IS_STOPPED = { way: 'leave-stopped', wayAgain: 'reset-and-leave-stopped' } as const;
const IS_RESET_AND_STOPPED = { way: 'reset-and-leave-stopped', wayAgain: 'reset-and-leave-stopped' } as const;
const evacuate = (
  because: string,
  ways: { readonly way: EvacuationWay; readonly wayAgain: EvacuationWay } = COMES_BACK_RUNNING,
): Extract<Verdict, { kind: 'evacuate' }> => ({ kind: 'evacuate', ...ways, because });
const leave = (outcome: 'not-protected' | 'left' | 'not-recoverable', because: string): Verdict => ({
  kind: 'leave',
  outcome,
  because,
});
const person = (because: string): Verdict => ({ kind: 'person', because });

export function judgeInstance(server: SeenServer, context: InstanceContext): Verdict {
  const unprotected = notProtected(server, context.signs, context.instances);
  if (unprotected !== undefined) return leave('not-protected', unprotected);
  if (server.taskState === 'restoring') return person('its owner was taking its deletion back');
  if (isBeingDeleted(server)) return leave('left', 'it is being deleted');
  const evacuation = context.runningEvacuation;
  if (evacuation !== undefined)
    return { kind: 'watch', evacuation, because: `Nova is evacuating it already (migration ${evacuation.id})` };
  const migration = context.runningMigration;
  if (migration !== undefined || isMigrating(server))
    return person(
      `it was being migrated or resized${migration ? ` (migration ${migration.id}, ${migration.sourceHost} to ${migration.destinationHost ?? 'nowhere yet'})` : ''}: it may run on the other host`,
    );
  const byState = judgeState(server, context.instances);
  if (byState.kind !== 'evacuate') return byState;
  const ran =
    context.restoring === true ||
    (server.vmState === 'active' && byState.way === 'as-it-was' && byState.wayAgain === 'as-it-was');
  return diskWouldBeLost(server, ran, context) ?? byState;
}

type TaskStates = ReadonlySet<SeenServer['taskState']>;
const DELETING: TaskStates = new Set(['deleting', 'soft-deleting']);
const isBeingDeleted = ({ vmState, taskState }: SeenServer): boolean =>
  ['deleted', 'soft-delete', 'soft_deleted'].includes(vmState) || DELETING.has(taskState);

const isMigrating = ({ taskState }: SeenServer): boolean =>
  taskState !== null && (taskState === 'migrating' || taskState.startsWith('resize_'));

/** A stop that its owner asked for and the dead host never carried out. */
const STOPPING: TaskStates = new Set([
  'powering-off',
  'pausing',
  'suspending',
  'rescuing',
  'shelving',
  'shelving_image_pending_upload',
  'shelving_image_uploading',
  'shelving_offloading',
]);
const REBUILDING: TaskStates = new Set(['rebuilding', 'rebuild_block_device_mapping', 'rebuild_spawning']);

function judgeState({ vmState, taskState }: SeenServer, { lostStates, inError }: Segment['instances']): Verdict {
  if (REBUILDING.has(taskState)) return person('its owner was rebuilding it: what its disk holds is not known');
  switch (vmState) {
    case 'active':
      return STOPPING.has(taskState)
        ? evacuate(`it ran, and its owner had asked for ${taskState}: it comes back stopped`, IS_STOPPED)
        : evacuate(taskState === null ? 'it ran' : `it ran (${taskState} was cut short)`);
    case 'stopped':
      return evacuate('it was stopped and stays so', STAYS_STOPPED);
    case 'error':
      return inError === 'recover'
        ? evacuate('it was in ERROR; Nova starts it')
        : leave('not-recoverable', 'it was in ERROR, and the policy leaves those alone');
    case 'paused':
    case 'rescued':
      return lostStates === 'recover-stopped'
        ? evacuate(`it was ${vmState}, which is lost with the host: it comes back stopped`, IS_RESET_AND_STOPPED)
        : leave('not-recoverable', `it was ${vmState}, and the policy leaves those alone`);
    case 'suspended':
      return person('it was suspended: its memory is saved on the dead host, and an evacuation would lose it');
    case 'resized':
      return person('its resize waits for confirmation: confirm it, and the next incident of the host takes it');
    case 'shelved':
      return leave('left', 'it is shelved: its image is safe, and it was not running');
    case 'shelved_offloaded':
      return leave('left', 'it is shelved and on no host');
    case 'building':
      return leave('not-recoverable', 'it was being built: nothing of it exists yet');
    default:
      return person(`its state is ${vmState}, which salvor does not know`);
  }
}

/** S7: Nova makes a local disk anew where it is not shared, and says nothing. */
function diskWouldBeLost(
  server: SeenServer,
  ran: boolean,
  { instances, signs }: Pick<InstanceContext, 'instances' | 'signs'>,
): Verdict | undefined {
  const { localDisks } = server;
  const { sharedInstanceStorage, allowRebuildFromImage } = instances;
  if (localDisks.vtpm) return person('it has a vTPM, whose state Nova can not evacuate');
  const local = [
    localDisks.root ? 'root' : '',
    localDisks.ephemeralGb > 0 ? `ephemeral (${localDisks.ephemeralGb} GB)` : '',
    localDisks.swapMb > 0 ? `swap (${localDisks.swapMb} MB)` : '',
  ].filter((disk) => disk !== '');
  if (local.length === 0 || sharedInstanceStorage || allowRebuildFromImage) return undefined;
  const lost = `its disks are local to the dead host: ${local.join(', ')}`;
  const from = restorableFrom(server, ran, signs.snapshot, instances);
  if (typeof from === 'object')
    return { ...evacuate(`${lost}; it is restarted from ${toldOf(from)}`, IS_STOPPED), restore: from };
  return leave(
    'not-recoverable',
    `${lost}; an evacuation would replace them by empty ones${from === undefined ? '' : `; ${from}`}`,
  );
}
