import type { ComputeService, Server, ServerAction } from '#shared/ports.ts';
import type { IncidentStatus } from '../host.ts';
import type { Segment } from '../policy.ts';
import { recordServer, recordSigns } from '../recorded.ts';
import type { RecordedServer, Signs } from '../seen.ts';
import type { MoveHosts } from './where-to.ts';

/** All that is read for one look at an instance: JSON, and small. It goes into the audit with the decision. */
export interface InstanceSight {
  /** Null: Nova knows it no more. */
  readonly server: SeenInstance | null;
  /** What stands beside it and says whether it is protected, as far as the policy asks; absent: nothing does. */
  readonly signs?: Signs;
  /** What was done to it by Nova's own record, newest first. */
  readonly actions: readonly ServerAction[];
  /** Of the host where Nova has it. Null: Nova knows none. */
  readonly service: Pick<ComputeService, 'status' | 'disabledReason' | 'state' | 'forcedDown'> | null;
  /** Segments that hold that host now. */
  readonly segments: readonly string[];
  /** Status of the open incident of that host. */
  readonly hostIncident: IncidentStatus | null;
  readonly disarmed: string | null;
  readonly stopped: string | null;
  /** Other instances of the host where it failed, and of the segment, that fail now or have failed within the window. */
  readonly othersOnHost: number;
  readonly othersOfSegment: number;
  /** Where it may be moved to. Absent: nobody asked, as it is not to be moved. */
  readonly hosts?: MoveHosts;
}

export type SeenInstance = Required<RecordedServer> & { readonly name: string; readonly powerState: number };

/** So many are looked at: what was done to it before is of no interest. */
const KEPT_ACTIONS = 10;

/** Who is recovered alone is told in the same ways as who is evacuated; whether it must be opted in has a key of its own. */
export const protectionOf = ({ instances, instanceRecovery }: Segment): Segment['instances'] => ({
  ...instances,
  protect: instanceRecovery?.protect ?? instances.protect,
});

export function seenInstance(server: Server, segment: Segment): SeenInstance {
  const { name, powerState } = server;
  return { ...recordServer(server, { ...segment, instances: protectionOf(segment) }), name, powerState };
}

export const seenSigns = (signs: Signs, segment: Segment): Signs => recordSigns(signs, protectionOf(segment));

export const newestActions = (actions: readonly ServerAction[]): readonly ServerAction[] =>
  actions.slice(0, KEPT_ACTIONS);
