import type { Explanation } from '#shared/domain/explain/words.ts';
import type { Role } from '#shared/domain/policy-access.ts';
import type { IncidentEntry } from '#shared/state/hosts.ts';
import type { CommandOutcome } from '#shared/state/operator-log.ts';
import type { IncidentTold } from '#shared/views/incident.ts';
import type { NowView } from '#shared/views/now.ts';

/** The API of salvor, as `/api/openapi.json` describes it. */

export type { Explanation, IncidentEntry, IncidentTold, NowView };

export type Way = 'token' | 'keystone' | 'oidc' | 'iam';

export interface Me {
  readonly name: string;
  readonly role: Role;
  readonly ways: readonly Way[];
  /** Whether there is a session to end. */
  readonly session: boolean;
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

  constructor(status: number, detail: string, ways: readonly Way[] = []) {
    super(detail);
    this.status = status;
    this.ways = ways;
  }
}

/** Who it is, the browser tells by a cookie that no script can read. */
export async function ask(path: string, init: RequestInit = {}): Promise<Response> {
  const answered = await fetch(path, init);
  if (answered.ok || answered.status === 304) return answered;
  const { detail, ways } = (await answered.json().catch(() => ({}))) as {
    readonly detail?: string;
    readonly ways?: readonly Way[];
  };
  throw new Problem(answered.status, detail ?? `the server answers ${answered.status}`, ways);
}

const post = (path: string, body: object): Promise<Response> =>
  ask(path, { method: 'POST', headers: { 'content-type': 'application/json' }, body: JSON.stringify(body) });

const get = async <T>(path: string): Promise<T> => (await (await ask(path)).json()) as T;

export const me = (): Promise<Me> => get('/api/v1/me');
export const signIn = async (given: SignIn): Promise<Me> => (await (await post('/api/v1/session', given)).json()) as Me;
export const signOut = async (): Promise<void> => {
  await ask('/api/v1/session', { method: 'DELETE' });
};

export const incidents = (): Promise<readonly IncidentEntry[]> => get('/api/v1/incidents');
export const incident = (id: string): Promise<IncidentTold> => get(`/api/v1/incidents/${id}`);
export const explanation = (host: string): Promise<Explanation> =>
  get(`/api/v1/hosts/${encodeURIComponent(host)}/explanation`);

/** The newest, once it differs from what is known; undefined after a while without news. */
export async function newsOfNow(
  tag: string | undefined,
  signal: AbortSignal,
): Promise<{ readonly now: NowView; readonly tag: string } | undefined> {
  const headers: Record<string, string> = tag === undefined ? {} : { 'if-none-match': tag, prefer: 'wait=20' };
  const answered = await ask('/api/v1/now', { headers, signal });
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
