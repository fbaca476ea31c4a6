import type { Check, Scene } from './check.ts';

/** Told from the list of incidents, which is another item than the host's. */
export function oneIncidentPerHost(_scene: Scene): Check {
  const open = new Map<string, string>();
  return {
    id: 'S3',
    sentence: 'a host has at most one open incident',
    see: (happening) => {
      if (happening.kind !== 'committed') return undefined;
      for (const write of happening.writes) {
        if (write.kind !== 'put' || write.partition !== 'incidents') continue;
        const { id, hostKey, closedAtMs } = write.body as { id: string; hostKey: string; closedAtMs: number | null };
        const before = open.get(hostKey);
        if (closedAtMs !== null) {
          if (before === id) open.delete(hostKey);
          continue;
        }
        if (before !== undefined && before !== id) return `${hostKey} has the open incidents ${before} and ${id}`;
        open.set(hostKey, id);
      }
      return undefined;
    },
  };
}
