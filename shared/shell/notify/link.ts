import type { Notice } from '#shared/domain/notify/notice.ts';
import type { Notify } from '#shared/domain/policy-notify.ts';

/** Where the console shows what a notice is about; null where nobody has said where the console is. */
export function linkTo({ consoleUrl }: Notify, { incidentId }: Notice): string | null {
  if (consoleUrl === undefined) return null;
  const base = consoleUrl.replace(/\/+$/, '').replace(/\/console$/, '');
  return incidentId === null ? `${base}/console/` : `${base}/console/incidents/${incidentId}`;
}
