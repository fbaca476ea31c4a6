import type * as z from 'zod';
import type { replaySchema } from '#shared/api/schemas/replay.ts';
import type { Explanation } from '#shared/domain/explain/words.ts';
import type { OpenNow } from '#shared/domain/now/progress.ts';
import type { Role } from '#shared/domain/policy-access.ts';
import type { Way } from '#shared/domain/ways.ts';
import type { CommandOutcome } from '#shared/state/operator-log.ts';
import type { HistoryFilter, PastIncident } from '#shared/views/history.ts';
import type { HostRow } from '#shared/views/hosts.ts';
import type { IncidentTold } from '#shared/views/incident.ts';
import type { IncidentAudit } from '#shared/views/incident-audit.ts';
import type { NowView } from '#shared/views/now.ts';

/** The API of salvor, as `/api/openapi.json` describes it. */

export type { Explanation, HistoryFilter, HostRow, IncidentTold, NowView, OpenNow, PastIncident, Way };

export interface Me {
  readonly name: string;
  readonly role: Role;
  readonly ways: readonly Way[];
  /** Whether there is a session to end. */
  readonly session: boolean;
}

/** The issuer that signs people in by a page of its own, and the site that it sends them back to. */
export interface IssuerOffered {
  readonly issuer: string;
  readonly site: string;
}

export type SignIn =
  | { readonly token: string }
  | {
      readonly keystone: {
        readonly user: string;
        readonly domain: string;
        readonly password: string;
        readonly project?: string;
      };
    };

/** What the API says is wrong (RFC 9457). */
export class Problem extends Error {
  readonly status: number;
  /** Of a 401: by which ways one may sign in. */
  readonly ways: readonly Way[];
  /** Of a 401: at which issuer, where that has a page for it. */
  readonly signIn: IssuerOffered | undefined;

  constructor(status: number, detail: string, ways: readonly Way[] = [], at?: IssuerOffered) {
    super(detail);
    this.status = status;
    this.ways = ways;
    this.signIn = at;
  }
}

/** Who it is, the browser tells by a cookie that no script can read. */
export async function ask(path: string, init: RequestInit = {}): Promise<Response> {
  const answered = await fetch(path, init);
  if (answered.ok || answered.status === 304) return answered;
  const { detail, ways, signIn } = (await answered.json().catch(() => ({}))) as {
    readonly detail?: string;
    readonly ways?: readonly Way[];
    readonly signIn?: IssuerOffered;
  };
  throw new Problem(answered.status, detail ?? `the server answers ${answered.status}`, ways, signIn);
}

const post = (path: string, body: object): Promise<Response> =>
  ask(path, { method: 'POST', headers: { 'content-type': 'application/json' }, body: JSON.stringify(body) });

const get = async <T>(path: string): Promise<T> => (await (await ask(path)).json()) as T;

export const me = (): Promise<Me> => get('/api/v1/me');
export const signIn = async (given: SignIn): Promise<Me> => (await (await post('/api/v1/session', given)).json()) as Me;
/** @returns the issuer's page, which sends the browser back to this one of the console */
export const beginSignIn = async (to: string): Promise<string> =>
  ((await (await post('/api/v1/session/oidc', { to })).json()) as { readonly at: string }).at;
export const signOut = async (): Promise<void> => {
  await ask('/api/v1/session', { method: 'DELETE' });
};

/** Of the history, what is asked for; as a table for spreadsheets with `.csv` behind the path. */
export function historyQuery(filter: HistoryFilter): string {
  const given = Object.entries(filter).filter(([, value]) => value !== undefined && value !== '');
  return new URLSearchParams(given.map(([key, value]) => [key, String(value)])).toString();
}
export const history = (filter: HistoryFilter): Promise<readonly PastIncident[]> =>
  get(`/api/v1/history?${historyQuery(filter)}`);
/** What a browser would save: with the token, which a link would not send. */
export const historyTable = async (filter: HistoryFilter): Promise<Blob> =>
  (await ask(`/api/v1/history.csv?${historyQuery(filter)}`)).blob();
export const hosts = (): Promise<readonly HostRow[]> => get('/api/v1/hosts');
export const auditOf = (id: string): Promise<IncidentAudit> => get(`/api/v1/incidents/${id}/audit`);

/** @param policy YAML or JSON; the one of then without it */
export const replayOf = async (id: string, policy: string | undefined): Promise<z.infer<typeof replaySchema>> =>
  (await (await post(`/api/v1/incidents/${id}/replay`, policy === undefined ? {} : { policy })).json()) as never;
export const incident = (id: string): Promise<IncidentTold> => get(`/api/v1/incidents/${id}`);
export const explanation = (host: string): Promise<Explanation> =>
  get(`/api/v1/hosts/${encodeURIComponent(host)}/explanation`);

/** Where the server does not wait for news, as it would have to hold a request for each who looks. */
const PAUSE_MS = 2000;
let isAnsweredAtOnce = false;

/** The newest, once it differs from what is known; undefined after a while without news. */
export async function newsOfNow(
  tag: string | undefined,
  signal: AbortSignal,
): Promise<{ readonly now: NowView; readonly tag: string } | undefined> {
  if (tag !== undefined && isAnsweredAtOnce) await new Promise((wait) => setTimeout(wait, PAUSE_MS));
  const headers: Record<string, string> = tag === undefined ? {} : { 'if-none-match': tag, prefer: 'wait=20' };
  const answered = await ask('/api/v1/now', { headers, signal });
  isAnsweredAtOnce = tag !== undefined && !answered.headers.has('preference-applied');
  if (answered.status === 304) return undefined;
  return { now: (await answered.json()) as NowView, tag: answered.headers.get('etag') ?? '' };
}

const LOOK_EVERY_MS = 300;
const PATIENCE_MS = 30_000;

/** Asks for something, and waits until salvor has obeyed or refused. */
export async function tell(command: object): Promise<CommandOutcome> {
  const sent = await post('/api/v1/commands', command);
  const { id } = (await sent.json()) as { readonly id: string };
  const endMs = performance.now() + PATIENCE_MS;
  for (;;) {
    try {
      return await get<CommandOutcome>(`/api/v1/commands/${id}`);
    } catch (error) {
      if (!(error instanceof Problem) || error.status !== 404) throw error;
      if (performance.now() > endMs)
        throw new Problem(504, 'nobody has obeyed it yet: it is in the queue, and may be obeyed still');
      await new Promise((wait) => setTimeout(wait, LOOK_EVERY_MS));
    }
  }
}
