import type { JsonObject, StateWrite } from '#shared/ports.ts';

/** Whether the host's return or its maintenance is in another status than before. */
function careMoved(body: JsonObject, key: string, statusOf: Map<string, string>): boolean {
  const statusIn = (open: unknown): string => (open as { readonly status?: string } | null)?.status ?? 'none';
  const now = `${statusIn(body.returning)} ${statusIn(body.maintenance)}`;
  const before = statusOf.get(`care ${key}`) ?? 'none none';
  statusOf.set(`care ${key}`, now);
  return before !== now;
}

/** The streams that must tell of this write: those of the incident, the task or the host whose status it changes. */
export function transitionsOf(write: StateWrite, statusOf: Map<string, string>): readonly string[] {
  if (write.kind !== 'put') return [];
  const { partition, sort } = write;
  const key = `${partition} ${sort}`;
  const before = statusOf.get(key);
  if (partition.startsWith('host#')) {
    const incident = write.body.incident as { readonly id: string; readonly status: string } | null;
    const now = incident === null ? 'none' : `${incident.id} ${incident.status}`;
    statusOf.set(key, now);
    const care = careMoved(write.body, key, statusOf) ? [partition] : [];
    if (before === now || (before === undefined && incident === null)) return care;
    const id = incident?.id ?? before?.split(' ')[0];
    return id === 'none' ? care : [...care, `incident#${id}`];
  }
  if (partition.startsWith('instance#') || partition.startsWith('process#')) {
    const incident = write.body.incident as { readonly id: string; readonly status: string } | null;
    const now = incident === null ? 'none' : `${incident.id} ${incident.status}`;
    statusOf.set(key, now);
    return before === now || (before === undefined && incident === null) ? [] : [partition];
  }
  if (!partition.startsWith('tasks#')) return [];
  const { status } = write.body.progress as { readonly status: string };
  statusOf.set(key, status);
  return before === status ? [] : [`task#${partition.slice('tasks#'.length)}#${sort}`];
}
