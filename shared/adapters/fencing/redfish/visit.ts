import type * as z from 'zod';
import type { Exchange } from '#shared/http/transport.ts';
import { jsonOf, type Result, refusal } from '../answers.ts';
import { basicOf, type RedfishHttp, type RedfishOptions } from './http.ts';
import { isPasswordChange, messageOf } from './messages.ts';
import { closeSession, openSession, type Session } from './session.ts';

/** An exchange, or a sign-in that was refused before there could be one. */
type Seen = Exchange | Extract<Result<never>, { readonly kind: 'refused' }>;

/** One call to a device, of as many requests as it takes: signed in when needed, and signed out at its end. */
export interface Visit {
  /** When the work must be over. Of `performance.now()`. */
  deadlineMs(): number;
  get<T>(link: string, schema: z.ZodType<T>): Promise<Result<T>>;
  /** A read of whose status the caller makes what it likes. */
  look(link: string): Promise<Seen>;
  /** Sent once, with what the last read was signed with. */
  post(link: string, body: unknown): Promise<Exchange>;
  messageOf(body: string): string;
}

/** Kept back from the work of a session to end it, as devices have few; and the longest that this may take. */
const SIGN_OUT_SHARE = 0.1;
const SIGN_OUT_MS = 1_000;

/**
 * What `auto` does: basic authentication, in one request and with nothing to tidy up. A device that answers 401 without
 * offering Basic in its challenge has it switched off (AccountService.HTTPBasicAuth): there a session is opened. A 401
 * that does offer it is about the credentials, and these are not tried a second time in a second way: accounts lock.
 */
export async function visit<T>(
  http: RedfishHttp,
  options: RedfishOptions,
  timeoutMs: number,
  work: (visit: Visit) => Promise<T>,
): Promise<T> {
  const { auth = 'auto' } = options;
  const endMs = performance.now() + timeoutMs;
  const keptMs = Math.min(SIGN_OUT_MS, timeoutMs * SIGN_OUT_SHARE);
  let session: Session | undefined;
  let signed: Record<string, string> | undefined =
    auth === 'session' ? undefined : { authorization: `Basic ${basicOf(options)}` };
  const deadlineMs = () => (session === undefined ? endMs : endMs - keptMs);

  async function signIn(): Promise<Result<Record<string, string>>> {
    const opened = await openSession(http, options, endMs - keptMs);
    if (opened.kind !== 'ok') return opened;
    session = opened.value;
    return { kind: 'ok', value: { 'x-auth-token': session.token } };
  }

  async function look(link: string): Promise<Seen> {
    let before = '';
    if (signed !== undefined) {
      const seen = await http.get(link, signed, deadlineMs());
      const isRefused = auth === 'auto' && session === undefined && seen.kind === 'answer' && seen.status === 401;
      if (!isRefused || /(^|,)\s*basic\b/i.test(seen.headers['www-authenticate'] ?? '')) return seen;
      before = `basic authentication answered 401: ${messageOf(seen.body, http.redact)}; `;
    }
    const opened = await signIn();
    if (opened.kind === 'refused')
      return { ...opened, detail: `${before}${opened.detail}`, ...(before === '' ? {} : { credentials: true }) };
    if (opened.kind === 'failed')
      return { kind: 'failed', sent: false, error: `${before}${opened.detail}`, durationMs: 0 };
    signed = opened.value;
    return http.get(link, signed, deadlineMs());
  }

  try {
    return await work({
      deadlineMs,
      look,
      get: async (link, schema) => resultOf(await look(link), link, schema, http),
      post: (link, body) => http.send('POST', link, signed ?? {}, body, deadlineMs()),
      messageOf: (body) => messageOf(body, http.redact),
    });
  } finally {
    if (session !== undefined) await closeSession(http, session, Math.min(endMs, performance.now() + SIGN_OUT_MS));
  }
}

function resultOf<T>(seen: Seen, link: string, schema: z.ZodType<T>, { redact }: RedfishHttp): Result<T> {
  if (seen.kind === 'refused') return seen;
  if (seen.kind === 'failed') return { kind: 'failed', detail: `GET ${link}: ${seen.error}` };
  const { status, body } = seen;
  if (status === 200) {
    const parsed = schema.safeParse(jsonOf(body));
    if (parsed.success) return { kind: 'ok', value: parsed.data };
    const field = parsed.error.issues[0]?.path.map(String).join('.') || 'the answer';
    return { kind: 'failed', detail: `GET ${link}: ${field} is not as Redfish has it` };
  }
  if (status < 300) return { kind: 'failed', detail: `GET ${link} answered ${status} in place of 200` };
  if (status < 400)
    return { kind: 'refused', detail: `GET ${link} answered ${status}: the url names another address of the device` };
  const ofTheAccount = isPasswordChange(body) ? [401, 403] : [401];
  return refusal(status, `GET ${link} answered ${status}: ${messageOf(body, redact)}`, ofTheAccount);
}
