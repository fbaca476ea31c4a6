import type { ComputeService } from '#shared/ports.ts';
import type { IncidentStatus } from '../host.ts';

/** All that is read for one look at a host whose processes have stopped: JSON, and small. */
export interface ProcessSight {
  /** Null: Nova knows no such service. */
  readonly service: Pick<
    ComputeService,
    'status' | 'disabledReason' | 'state' | 'forcedDown' | 'lastReportAtMs'
  > | null;
  /** Segments that hold the host now. */
  readonly segments: readonly string[];
  /** Status of the open incident of the host. */
  readonly hostIncident: IncidentStatus | null;
  /** Why nothing may be asked of the outside: salvor is switched off, the segment is stopped, or the host is worked on. */
  readonly halted: string | null;
}
