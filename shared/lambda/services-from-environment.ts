import { readFileSync } from 'node:fs';
import { Logger } from '@aws-lambda-powertools/logger';
import { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { SQSClient } from '@aws-sdk/client-sqs';
import * as z from 'zod';
import { dynamoStore } from '#shared/adapters/dynamodb/state-store.ts';
import { withWorkers } from '#shared/adapters/fencing/agent.ts';
import { withNetworks } from '#shared/adapters/fencing/networks.ts';
import { workerRestart } from '#shared/adapters/fencing/worker-restart.ts';
import { sqsOutbox } from '#shared/adapters/sqs/outbox.ts';
import { sqsWorkerQueues } from '#shared/adapters/sqs/worker-queues.ts';
import { systemChance, systemClock } from '#shared/adapters/system/clock.ts';
import { systemGuests } from '#shared/adapters/system/guests.ts';
import type { Policy } from '#shared/domain/policy.ts';
import type { IngestServices } from '#shared/ingest/app.ts';
import type { Log, Services } from '#shared/services.ts';
import { askingWorkers } from '#shared/shell/ask-worker.ts';
import { cloudOnDemand } from './cloud-on-demand.ts';
import { readEnvironment } from './environment.ts';

// A function parses few messages in its life: building fast parsers would cost more than it saves.
z.config({ jitless: true });

/**
 * The services of a function on AWS or LocalStack.
 * @throws PermanentError when the environment is wrong.
 */
export function servicesFromEnvironment(env: NodeJS.ProcessEnv): Services & Pick<IngestServices, 'tokens'> {
  const { STATE_TABLE, AUDIT_TABLE, QUEUE_URLS, FENCE_REQUEST_URLS, OWN_PRINCIPALS, ...rest } = readEnvironment(env);
  const { CLOUD_SECRET, SECRET_PREFIX, POLICY_FILE } = rest;
  // Checked, with every default filled in, when it was bundled: infra/bundle.ts.
  const policy = JSON.parse(readFileSync(POLICY_FILE, 'utf8')) as Policy;
  const state = dynamoStore({ client: new DynamoDBClient({}), stateTable: STATE_TABLE, auditTable: AUDIT_TABLE });
  const sqs = new SQSClient({ useQueueUrlAsEndpoint: false });
  const [clock, chance] = [systemClock, systemChance];
  const workers = askingWorkers({
    queues: sqsWorkerQueues(sqs, FENCE_REQUEST_URLS),
    state,
    questions: state,
    clock,
    chance,
  });
  const cloud = cloudOnDemand(async () => {
    const { openCloud } = await import('./open-cloud.ts');
    return openCloud({ cloudSecret: CLOUD_SECRET, secretPrefix: SECRET_PREFIX });
  });
  return {
    state,
    outbox: sqsOutbox(sqs, QUEUE_URLS),
    ...cloud,
    fencing: withNetworks(withWorkers(cloud.fencing, workers), {
      state,
      clock,
      chance,
      limits: policy.fenceNetworks ?? {},
    }),
    localRestart: workerRestart(workers),
    guests: systemGuests,
    clock,
    chance,
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
