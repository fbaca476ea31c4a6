/** What went wrong at an issuer, and that nothing of it is repeated that a code or a stranger's words could be in. */
import { AuthorizationResponseError, ClientError, ResponseBodyError } from 'openid-client';
import { expect, it } from 'vitest';
import { whyOf } from '#shared/adapters/oidc/why.ts';
import { PermanentError, RetryableError } from '#shared/errors.ts';

const came = (error: string) =>
  new AuthorizationResponseError('wrong', {
    cause: new URLSearchParams({ error, error_description: 'words', code: 'a-code' }),
  });
const said = (error: string) =>
  new ResponseBodyError('wrong', { cause: { error, error_description: 'words' }, response: new Response(null) });
const failed = (message: string, code: string) => Object.assign(new ClientError(message), { code });

it.each([
  [came('access_denied'), 'denied'],
  [came('login_required'), 'denied'],
  [came('temporarily_unavailable'), 'unreachable'],
  [came('invalid_scope'), 'setup'],
  [came('<b>words'), 'setup'],
  [said('invalid_grant'), 'refused'],
  [said('invalid_client'), 'setup'],
  [said('constructor'), 'setup'],
  [failed('late', 'OAUTH_JWT_TIMESTAMP_CHECK_FAILED'), 'clock'],
  [failed('slow', 'OAUTH_TIMEOUT'), 'unreachable'],
  [failed('nonce', 'OAUTH_JWT_CLAIM_COMPARISON_FAILED'), 'refused'],
  [new ClientError('other', { cause: 'a-code' }), 'refused'],
  [new TypeError('fetch failed'), 'unreachable'],
  [new RetryableError('no answer'), 'unreachable'],
  [new PermanentError('there is no secret oidc'), 'setup'],
])('%s', (error, why) => {
  const found = whyOf(error);
  expect(found.why).toBe(why);
  expect(found.detail).not.toMatch(/words|a-code/);
});

it('leaves a fault of salvor a fault', () => {
  expect(() => whyOf(new RangeError('ours'))).toThrow('ours');
});
