import { SecretsManagerClient } from '@aws-sdk/client-secrets-manager';
import { SQSClient } from '@aws-sdk/client-sqs';
import type { QueueName } from '#events/catalog.ts';
import { issuerOf } from '#shared/adapters/oidc/issuer.ts';
import { secretsManagerSecrets } from '#shared/adapters/secrets/secrets-manager.ts';
import { sqsQueueLooks } from '#shared/adapters/sqs/depths.ts';
import { systemClock } from '#shared/adapters/system/clock.ts';
import type { ApiServices } from '#shared/api/app.ts';
import { PermanentError } from '#shared/errors.ts';
import { type Environment, NOTIFY_PREFIX, PEOPLE_PREFIX, readEnvironment } from './environment.ts';
import { servicesFromEnvironment } from './services-from-environment.ts';

/**
 * Who waits for news has a function for himself all that time, and with as many as there may be at once nobody else is
 * answered. So nobody waits here: a page that is answered at once asks again after a pause of its own.
 */
const LONGEST_WAIT_SECONDS = 0;

/**
 * What the API has besides: the tokens of people, their issuer and salvor's own secret there, the key of links to approve, and a
 * look at the queues.
 * @throws PermanentError when the environment is wrong.
 */
export function apiServicesFromEnvironment(env: NodeJS.ProcessEnv): ApiServices {
  const { SECRET_PREFIX, QUEUE_URLS } = readEnvironment(env);
  const { now } = systemClock;
  const client = new SecretsManagerClient({});
  const below = (prefix: string) => secretsManagerSecrets({ client, prefix: `${SECRET_PREFIX}${prefix}`, now });
  const services = servicesFromEnvironment(env);
  const secrets = below(PEOPLE_PREFIX);
  return {
    ...services,
    secrets,
    linkSecrets: below(NOTIFY_PREFIX),
    queues: sqsQueueLooks(new SQSClient({ useQueueUrlAsEndpoint: false }), (name) => urlIn(QUEUE_URLS, name)),
    ...issuerOf(services.policy, secrets, now),
    isLocal: false,
    longestWaitSeconds: LONGEST_WAIT_SECONDS,
  };
}

function urlIn(urls: Environment['QUEUE_URLS'], name: QueueName): string {
  const url = urls[name];
  if (url === undefined) throw new PermanentError(`the address of the queue ${name} is not known here: deploy again`);
  return url;
}
