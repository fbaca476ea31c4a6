import { SecretsManagerClient } from '@aws-sdk/client-secrets-manager';
import { secretsManagerSecrets } from '#shared/adapters/secrets/secrets-manager.ts';
import { systemClock } from '#shared/adapters/system/clock.ts';
import type { IngestServices } from '#shared/ingest/app.ts';
import { readEnvironment } from './environment.ts';
import { servicesFromEnvironment } from './services-from-environment.ts';

/**
 * What the HTTP endpoint has besides: the tokens of reporters, under the same prefix as the credentials of fence devices.
 * @throws PermanentError when the environment is wrong.
 */
export function ingestServicesFromEnvironment(env: NodeJS.ProcessEnv): IngestServices {
  const { SECRET_PREFIX: prefix } = readEnvironment(env);
  const secrets = secretsManagerSecrets({ client: new SecretsManagerClient({}), prefix, now: systemClock.now });
  return { ...servicesFromEnvironment(env), secrets };
}
