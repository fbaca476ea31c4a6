import type { ComputeService } from '#shared/ports.ts';
import type { HostState } from '../host.ts';

/**
 * Salvor has recovered the host, and Nova has had it forced down since: nobody has given it back, so that it can't fail
 * anew, however long its agents go on reporting it. Such a host counts by the ticket of its failure, as long as the window
 * of that lasts, and takes no other.
 */
export const isOldFailure = (
  { lastIncident }: Pick<HostState, 'lastIncident'>,
  service: Pick<ComputeService, 'forcedDown'> | undefined,
): boolean =>
  (lastIncident?.outcome === 'recovered' || lastIncident?.outcome === 'partly-recovered') &&
  service?.forcedDown === true;
