import { PermanentError, RetryableError } from '#shared/errors.ts';
import type { Redact } from '#shared/http/redact.ts';
import type { Answered } from './http.ts';
import type { Session, Token } from './keystone.ts';
import { messageOf } from './parse.ts';

/** Sends with the session's token, and once more with a new one when that is not taken: a token may be withdrawn before its end. */
export async function withToken<A extends Answered | undefined>(
  session: Session,
  send: (token: Token) => Promise<A>,
): Promise<A> {
  const token = await session.token();
  const answer = await send(token);
  if (answer?.status !== 401) return answer;
  session.reject(token);
  return send(await session.token());
}

/**
 * The error of a read that was answered otherwise than with what was asked for.
 * @param who service and path, such as `Glance: GET /v2/images`
 * @param more for a person: what may be wrong
 */
export function readError(who: string, { status, body }: Answered, redact: Redact, more = ''): Error {
  const text = `${who} answered ${status}: ${messageOf(body, redact)}${more}`;
  return status === 408 ? new RetryableError(text) : new PermanentError(text);
}
