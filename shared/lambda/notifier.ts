import { SecretsManagerClient } from '@aws-sdk/client-secrets-manager';
import { notifier } from '#shared/adapters/notify/notifier.ts';
import { secretsManagerSecrets } from '#shared/adapters/secrets/secrets-manager.ts';
import { systemClock } from '#shared/adapters/system/clock.ts';
import type { Notifier } from '#shared/ports.ts';
import { NOTIFY_PREFIX, readEnvironment } from './environment.ts';

let made: Notifier | undefined;

/** Once in each process. @throws PermanentError when the environment is wrong. */
export function notifierFromEnvironment(env: NodeJS.ProcessEnv): Notifier {
  const prefix = `${readEnvironment(env).SECRET_PREFIX}${NOTIFY_PREFIX}`;
  made ??= notifier(secretsManagerSecrets({ client: new SecretsManagerClient({}), prefix, now: systemClock.now }));
  return made;
}
