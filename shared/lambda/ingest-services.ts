import { SecretsManagerClient } from '@aws-sdk/client-secrets-manager';
import { secretsManagerSecrets } from '#shared/adapters/secrets/secrets-manager.ts';
import { systemClock } from '#shared/adapters/system/clock.ts';
import type { IngestServices } from '#shared/ingest/app.ts';
import { REPORTERS_PREFIX, readEnvironment } from './environment.ts';
import { servicesFromEnvironment } from './services-from-environment.ts';

/**
 * What the HTTP endpoint has besides: the tokens of reporters.
 * @throws PermanentError when the environment is wrong.
 */
export function ingestServicesFromEnvironment(env: NodeJS.ProcessEnv): IngestServices {
  const prefix = `${readEnvironment(env).SECRET_PREFIX}${REPORTERS_PREFIX}`;
  const secrets = secretsManagerSecrets({ client: new SecretsManagerClient({}), prefix, now: systemClock.now });
  return { ...servicesFromEnvironment(env), secrets };
}
