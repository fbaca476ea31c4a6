import {
  AuthorizationResponseError,
  ClientError,
  ResponseBodyError,
  WWWAuthenticateChallengeError,
} from 'openid-client';
import type { SignInFault } from '#shared/domain/sign-in-words.ts';
import { PermanentError, RetryableError } from '#shared/errors.ts';

export interface Why {
  readonly why: SignInFault;
  readonly detail: string;
}

/** Of RFC 6749, 4.1.2.1 and 5.2, and OpenID Connect Core 1.0, 3.1.2.6; whatever else an issuer says is a matter of set-up. */
const SAID: ReadonlyMap<string, SignInFault> = new Map<string, SignInFault>(
  Object.entries({
    access_denied: 'denied',
    login_required: 'denied',
    consent_required: 'denied',
    interaction_required: 'denied',
    account_selection_required: 'denied',
    server_error: 'unreachable',
    temporarily_unavailable: 'unreachable',
    // A code that was used, is too old, or is of somebody else's request.
    invalid_grant: 'refused',
  } as const),
);

const BY_CODE: Readonly<Record<string, SignInFault>> = {
  OAUTH_TIMEOUT: 'unreachable',
  // No answer that OAuth knows: of a proxy before the issuer, or of one that has a fault.
  OAUTH_RESPONSE_IS_NOT_CONFORM: 'unreachable',
  OAUTH_RESPONSE_IS_NOT_JSON: 'unreachable',
  OAUTH_JWT_TIMESTAMP_CHECK_FAILED: 'clock',
  OAUTH_MISSING_SERVER_METADATA: 'setup',
  OAUTH_INVALID_SERVER_METADATA: 'setup',
  OAUTH_HTTP_REQUEST_FORBIDDEN: 'setup',
};

/** What went wrong at the issuer. Neither causes nor descriptions are repeated: they may hold a code, or a stranger's words. */
export function whyOf(error: unknown): Why {
  if (error instanceof PermanentError) return { why: 'setup', detail: error.message };
  if (error instanceof RetryableError) return { why: 'unreachable', detail: error.message };
  if (error instanceof AuthorizationResponseError || error instanceof ResponseBodyError)
    return { why: SAID.get(error.error) ?? 'setup', detail: `the issuer says ${named(error.error)}` };
  if (error instanceof WWWAuthenticateChallengeError)
    return { why: 'setup', detail: `the issuer does not take the client (status ${error.status})` };
  if (error instanceof ClientError)
    return { why: BY_CODE[error.code ?? ''] ?? 'refused', detail: `${error.message} (${error.code})` };
  // As fetch says it.
  if (error instanceof TypeError && !('code' in error)) return { why: 'unreachable', detail: error.message };
  throw error;
}

/** Of the address bar it may be anything. */
const named = (said: string): string => (/^[a-z_]{1,40}$/.test(said) ? said : 'something that is no error of OAuth');
