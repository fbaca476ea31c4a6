import { readFileSync } from 'node:fs';
import { Logger } from '@aws-lambda-powertools/logger';
import { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { SQSClient } from '@aws-sdk/client-sqs';
import * as z from 'zod';
import { dynamoStore } from '#shared/adapters/dynamodb/state-store.ts';
import { sqsOutbox } from '#shared/adapters/sqs/outbox.ts';
import { systemChance, systemClock } from '#shared/adapters/system/clock.ts';
import { systemGuests } from '#shared/adapters/system/guests.ts';
import type { Policy } from '#shared/domain/policy.ts';
import type { IngestServices } from '#shared/ingest/app.ts';
import type { Log, Services } from '#shared/services.ts';
import { cloudOnDemand } from './cloud-on-demand.ts';
import { readEnvironment } from './environment.ts';

// A function parses few messages in its life: building fast parsers would cost more than it saves.
z.config({ jitless: true });

/**
 * The services of a function on AWS or LocalStack.
 * @throws PermanentError when the environment is wrong.
 */
export function servicesFromEnvironment(env: NodeJS.ProcessEnv): Services & Pick<IngestServices, 'tokens'> {
  const { STATE_TABLE, AUDIT_TABLE, QUEUE_URLS, OWN_PRINCIPALS, CLOUD_SECRET, SECRET_PREFIX, POLICY_FILE } =
    readEnvironment(env);
  // Checked, with every default filled in, when it was bundled: infra/bundle.ts.
  const policy = JSON.parse(readFileSync(POLICY_FILE, 'utf8')) as Policy;
  return {
    state: dynamoStore({ client: new DynamoDBClient({}), stateTable: STATE_TABLE, auditTable: AUDIT_TABLE }),
    outbox: sqsOutbox(new SQSClient({ useQueueUrlAsEndpoint: false }), QUEUE_URLS),
    ...cloudOnDemand(async () => {
      const { openCloud } = await import('./open-cloud.ts');
      return openCloud({ cloudSecret: CLOUD_SECRET, secretPrefix: SECRET_PREFIX });
    }),
    guests: systemGuests,
    clock: systemClock,
    chance: systemChance,
    policy,
    trustedSenders: { principals: OWN_PRINCIPALS },
    log: lambdaLog(),
  };
}

function lambdaLog(): Log {
  const logger = new Logger({ serviceName: 'salvor' });
  return {
    info: (message, fields) => logger.info(message, { ...fields }),
    warn: (message, fields) => logger.warn(message, { ...fields }),
    error: (message, fields) => logger.error(message, { ...fields }),
  };
}
