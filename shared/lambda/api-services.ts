import { SecretsManagerClient } from '@aws-sdk/client-secrets-manager';
import { issuedTokens } from '#shared/adapters/oidc/issued.ts';
import { secretsManagerSecrets } from '#shared/adapters/secrets/secrets-manager.ts';
import { systemClock } from '#shared/adapters/system/clock.ts';
import type { ApiServices } from '#shared/api/app.ts';
import { PEOPLE_PREFIX, readEnvironment } from './environment.ts';
import { servicesFromEnvironment } from './services-from-environment.ts';

/**
 * Who waits for news has a function for himself all that time, and with as many as there may be at once nobody else is
 * answered. So nobody waits here: a page that is answered at once asks again after a pause of its own.
 */
const LONGEST_WAIT_SECONDS = 0;

/**
 * What the API has besides: the tokens of people, and their issuer's keys.
 * @throws PermanentError when the environment is wrong.
 */
export function apiServicesFromEnvironment(env: NodeJS.ProcessEnv): ApiServices {
  const prefix = `${readEnvironment(env).SECRET_PREFIX}${PEOPLE_PREFIX}`;
  const { now } = systemClock;
  const secrets = secretsManagerSecrets({ client: new SecretsManagerClient({}), prefix, now });
  const services = servicesFromEnvironment(env);
  const oidc = services.policy.access?.oidc;
  const issued = oidc && issuedTokens({ ...oidc, now });
  return { ...services, secrets, issued, isLocal: false, longestWaitSeconds: LONGEST_WAIT_SECONDS };
}
