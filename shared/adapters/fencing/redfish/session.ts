import { jsonOf, type Result, refusal } from '../answers.ts';
import type { RedfishHttp, RedfishOptions } from './http.ts';
import { messageOf } from './messages.ts';
import { rootSchema } from './schema.ts';

/** A session of DSP0266, "Session management". */
export interface Session {
  readonly token: string;
  /** What ends it; undefined when the device did not say. It then ends by the device's own time. */
  readonly link: string | undefined;
}

/** Who signs in wrongly, or may not any more, is told so by one of these. */
const OF_THE_ACCOUNT = [400, 401, 403];

/** Where sessions are made, by the service root, which anybody may read. */
async function sessionsLink(http: RedfishHttp, deadlineMs: number): Promise<Result<string>> {
  const exchange = await http.get('/redfish/v1/', {}, deadlineMs);
  if (exchange.kind === 'failed') return { kind: 'failed', detail: `the service root: ${exchange.error}` };
  const { status, body } = exchange;
  const root = status === 200 ? rootSchema.safeParse(jsonOf(body)).data : undefined;
  if (root === undefined) return refusal(status, `the service root answered ${status}`);
  const service = root.SessionService?.['@odata.id'].replace(/\/+$/, '');
  const link = root.Links?.Sessions?.['@odata.id'] ?? (service === undefined ? undefined : `${service}/Sessions`);
  return link === undefined
    ? { kind: 'refused', detail: 'the device offers no sessions' }
    : { kind: 'ok', value: link };
}

export async function openSession(
  http: RedfishHttp,
  { username, password }: RedfishOptions,
  deadlineMs: number,
): Promise<Result<Session>> {
  const sessions = await sessionsLink(http, deadlineMs);
  if (sessions.kind !== 'ok') return sessions;
  const body = { UserName: username, Password: password };
  const exchange = await http.send('POST', sessions.value, {}, body, deadlineMs);
  if (exchange.kind === 'failed') return { kind: 'failed', detail: `signing in: ${exchange.error}` };
  const { status, headers } = exchange;
  if (status < 200 || status > 299)
    return refusal(status, `signing in answered ${status}: ${messageOf(exchange.body, http.redact)}`, OF_THE_ACCOUNT);
  const token = headers['x-auth-token'];
  if (token === undefined || token === '')
    return { kind: 'failed', detail: `signing in answered ${status} without an X-Auth-Token` };
  http.forget(token);
  return { kind: 'ok', value: { token, link: ownLink(exchange.body) ?? pathOf(headers.location) } };
}

/** Devices have few sessions; what becomes of this is not worth a word. */
export async function closeSession(http: RedfishHttp, { token, link }: Session, deadlineMs: number): Promise<void> {
  if (link !== undefined) await http.send('DELETE', link, { 'x-auth-token': token }, undefined, deadlineMs);
}

function ownLink(body: string): string | undefined {
  const json = jsonOf(body);
  const isNamed = typeof json === 'object' && json !== null && '@odata.id' in json;
  return isNamed && typeof json['@odata.id'] === 'string' ? json['@odata.id'] : undefined;
}

/**
 * Of a Location that may name the device by another address than ours, such as its own host name: the same path here.
 */
export const pathOf = (location: string | undefined): string | undefined =>
  location === undefined ? undefined : URL.parse(location, 'http://device')?.pathname;
