import type { NovaOperation } from './faults.ts';
import type { Journal } from './journal.ts';

/** Services beside Nova and Keystone that an evacuation needs: only whether they answer can be seen of them. */
export type NeededApi = 'placement' | 'image' | 'network' | 'volume';

/** Other ways to a host's power than its BMC. */
export type PowerApi = 'ironic' | 'metal3' | 'webhook';

export type SimulatedApi = 'keystone' | 'nova' | 'redfish' | 'ipmi' | PowerApi | NeededApi;

/**
 * One request, from its arrival to its answer. `status` is absent until it is answered, and for good if it never is; of
 * a command by IPMI, it is the completion code.
 */
export interface RequestRecord {
  /** Place in the one sequence that guests, power and requests share, at arrival. */
  readonly seq: number;
  readonly atMs: number;
  readonly api: SimulatedApi;
  readonly method: string;
  readonly path: string;
  readonly query?: string;
  readonly requestId: string;
  /** Nova only. */
  readonly operation?: NovaOperation;
  readonly microversion?: string;
  host?: string;
  serverId?: string;
  /** JSON body without secrets. */
  readonly body?: unknown;
  status?: number;
  answeredSeq?: number;
  answeredAtMs?: number;
}

export type NewRequest = Omit<RequestRecord, 'seq' | 'atMs' | 'status' | 'answeredSeq' | 'answeredAtMs'>;

/** What to look for; a field that is absent matches all. */
export interface RequestFilter {
  readonly api?: SimulatedApi;
  readonly method?: string;
  readonly path?: string | RegExp;
  readonly operation?: NovaOperation;
  readonly host?: string;
  readonly serverId?: string;
  readonly status?: number;
}

const SECRET = /password|adminpass|secret|token|user_data/i;

/** A copy of a JSON value in which whatever is named like a secret is masked. */
export function withoutSecrets(value: unknown, within = ''): unknown {
  if (Array.isArray(value)) return value.map((inner) => withoutSecrets(inner, within));
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(
    Object.entries(value).map(([name, inner]) => {
      // Keystone's token method carries the token as token.id.
      const secret = SECRET.test(name) || (within === 'token' && name === 'id');
      return [name, secret && typeof inner === 'string' ? '***' : withoutSecrets(inner, name)];
    }),
  );
}

function matches(record: RequestRecord, filter: RequestFilter): boolean {
  const path = filter.path;
  return (
    (filter.api === undefined || record.api === filter.api) &&
    (filter.method === undefined || record.method === filter.method) &&
    (path === undefined || (typeof path === 'string' ? record.path === path : path.test(record.path))) &&
    (filter.operation === undefined || record.operation === filter.operation) &&
    (filter.host === undefined || record.host === filter.host) &&
    (filter.serverId === undefined || record.serverId === filter.serverId) &&
    (filter.status === undefined || record.status === filter.status)
  );
}

/** Every request to the simulated cloud, in order of arrival. */
export class RequestLog {
  readonly records: RequestRecord[] = [];
  readonly #journal: Journal;

  constructor(journal: Journal) {
    this.#journal = journal;
  }

  begin(request: NewRequest): RequestRecord {
    const { body, ...rest } = request;
    const record: RequestRecord = {
      ...this.#journal.stamp(),
      ...rest,
      ...(body === undefined ? {} : { body: withoutSecrets(body) }),
    };
    this.records.push(record);
    return record;
  }

  end(record: RequestRecord, status: number): void {
    const { seq, atMs } = this.#journal.stamp();
    record.status = status;
    record.answeredSeq = seq;
    record.answeredAtMs = atMs;
  }

  find(filter: RequestFilter): RequestRecord[] {
    return this.records.filter((record) => matches(record, filter));
  }

  count(filter: RequestFilter = {}): number {
    return this.find(filter).length;
  }

  /** The greatest number of matching requests that were under way at once. */
  peakAtOnce(filter: RequestFilter = {}): number {
    const changes = this.find(filter).flatMap((record) => [
      { seq: record.seq, by: 1 },
      ...(record.answeredSeq === undefined ? [] : [{ seq: record.answeredSeq, by: -1 }]),
    ]);
    let atOnce = 0;
    let peak = 0;
    for (const change of changes.sort((a, b) => a.seq - b.seq)) {
      atOnce += change.by;
      peak = Math.max(peak, atOnce);
    }
    return peak;
  }
}
