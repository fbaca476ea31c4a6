import { SecretsManagerClient } from '@aws-sdk/client-secrets-manager';
import { issuedTokens } from '#shared/adapters/oidc/issued.ts';
import { secretsManagerSecrets } from '#shared/adapters/secrets/secrets-manager.ts';
import { systemClock } from '#shared/adapters/system/clock.ts';
import type { ApiServices } from '#shared/api/app.ts';
import { NOTIFY_PREFIX, PEOPLE_PREFIX, readEnvironment } from './environment.ts';
import { servicesFromEnvironment } from './services-from-environment.ts';

/**
 * Who waits for news has a function for himself all that time, and with as many as there may be at once nobody else is
 * answered. So nobody waits here: a page that is answered at once asks again after a pause of its own.
 */
const LONGEST_WAIT_SECONDS = 0;

/**
 * What the API has besides: the tokens of people, their issuer's keys, and the key of links to approve.
 * @throws PermanentError when the environment is wrong.
 */
export function apiServicesFromEnvironment(env: NodeJS.ProcessEnv): ApiServices {
  const { SECRET_PREFIX } = readEnvironment(env);
  const { now } = systemClock;
  const client = new SecretsManagerClient({});
  const below = (prefix: string) => secretsManagerSecrets({ client, prefix: `${SECRET_PREFIX}${prefix}`, now });
  const services = servicesFromEnvironment(env);
  const oidc = services.policy.access?.oidc;
  const issued = oidc && issuedTokens({ ...oidc, now });
  return {
    ...services,
    secrets: below(PEOPLE_PREFIX),
    linkSecrets: below(NOTIFY_PREFIX),
    issued,
    isLocal: false,
    longestWaitSeconds: LONGEST_WAIT_SECONDS,
  };
}
