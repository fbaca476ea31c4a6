import { streamOfHost, streamOfIncident } from '#shared/domain/audit.ts';
import { explainHost } from '#shared/domain/explain/host.ts';
import type { Explanation } from '#shared/domain/explain/words.ts';
import type { StateReader } from '#shared/ports.ts';
import { disarmedAmong } from '#shared/state/guards.ts';
import { MAX_DUE } from '#shared/state/hosts.ts';
import type { ListedHost } from '#shared/state/list-hosts.ts';
import { readStream } from '#shared/state/read-audit.ts';
import { loadHostReadiness } from '#shared/state/readiness.ts';

/** Why a host was or was not fenced, from the state as it is. */
export async function hostExplained(
  state: StateReader,
  { hostKey, known, state: host }: ListedHost,
  nowMs: number,
): Promise<Explanation> {
  const incidentId = host?.incident?.id ?? host?.lastIncident?.id;
  const [readiness, due, reports, incident] = await Promise.all([
    loadHostReadiness(state, hostKey),
    state.due(Number.MAX_SAFE_INTEGER, MAX_DUE),
    readStream(state, streamOfHost(hostKey)),
    incidentId === undefined ? undefined : readStream(state, streamOfIncident(incidentId)),
  ]);
  const disarmed = disarmedAmong(due, nowMs)
    .values.filter(({ name }) => name === 'global' || name.segment === known.segment)
    .map((each) => ({ what: each.name === 'global' ? 'everything' : `segment ${each.name.segment}`, ...each }));
  return explainHost(
    {
      name: known.host,
      segment: known.segment,
      because: known.because,
      state: host,
      readiness: readiness?.value,
      disarmed,
      reports: reports.records,
      incident: incident?.records ?? [],
    },
    nowMs,
  );
}
