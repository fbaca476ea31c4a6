import type { Segment } from '../policy.ts';
import { notProtected } from '../protect.ts';
import { type InstanceSight, protectionOf, type SeenInstance } from './sight.ts';

/** What its owner has made of it, or is making, is left so. */
const STATES_OF_OWNERS: Readonly<Record<string, string>> = {
  paused: 'its owner has paused it',
  suspended: 'its owner has suspended it',
  rescued: 'its owner has it in rescue',
  resized: 'its resize waits for confirmation',
  shelved: 'it is shelved',
  shelved_offloaded: 'it is shelved',
  building: 'it is being built',
  deleted: 'it is being deleted',
  'soft-delete': 'it is being deleted',
  soft_deleted: 'it is being deleted',
};

/**
 * Nova itself stops an instance whose process has gone, a few seconds later (`_sync_instance_power_state` of its compute
 * manager): on record as a stop by nobody. By the vm_state alone it could not be told from its owner's stop.
 */
export const stoppedByNova = ({ actions }: Pick<InstanceSight, 'actions'>): boolean =>
  actions.find(({ action }) => action === 'stop')?.userId === null;

/**
 * It was evacuated although its disk is not shared, and has not run since: what it would start from is not what it ran
 * from. Its restart from a snapshot has come to no end.
 */
function hasLostItsDisk(
  { localDisks, vmState }: SeenInstance,
  { actions }: Pick<InstanceSight, 'actions'>,
  { instances: { sharedInstanceStorage, allowRebuildFromImage } }: Segment,
): boolean {
  if (!localDisks.root || sharedInstanceStorage || allowRebuildFromImage || vmState === 'active') return false;
  return actions.find(({ action }) => ['evacuate', 'start', 'reboot'].includes(action))?.action === 'evacuate';
}

/** Why the instance is not salvor's to act on, in words; undefined when it is. */
export function unfit(
  server: SeenInstance,
  sight: Pick<InstanceSight, 'actions' | 'signs'>,
  segment: Segment,
): string | undefined {
  const unprotected = notProtected(server, sight.signs ?? {}, protectionOf(segment));
  if (unprotected !== undefined) return unprotected;
  if (server.locked) return 'it is locked';
  if (server.taskState === 'deleting' || server.taskState === 'soft-deleting') return 'it is being deleted';
  if (hasLostItsDisk(server, sight, segment)) return 'it was evacuated, and its disk is not the one that it ran from';
  switch (server.vmState) {
    case 'active':
      return undefined;
    case 'error':
      return segment.instances.inError === 'recover' ? undefined : 'it is in ERROR, and the policy leaves those alone';
    case 'stopped':
      return stoppedByNova(sight) ? undefined : 'its owner has stopped it';
    default:
      return STATES_OF_OWNERS[server.vmState] ?? `its state is ${server.vmState}, which salvor does not know`;
  }
}
