import { Command, Option } from 'commander';
import { fenceRequestsOf, type QueueName } from '#events/catalog.ts';
import { workerName } from '#events/fence-worker.ts';
import { openAgents } from '#infra/fence-worker/agents.ts';
import { readWorkerConfig } from '#infra/fence-worker/config.ts';
import { startFenceWorker } from '#infra/fence-worker/fence-worker.ts';
import { type QueuePlace, requestQueue } from '#infra/fence-worker/request-queue.ts';
import { limitsOf, tasksOf } from '#infra/fence-worker/tasks.ts';
import { fileSecrets } from '#shared/adapters/secrets/file.ts';
import { systemClock } from '#shared/adapters/system/clock.ts';
import { askedToEnd } from '../asked-to-end.ts';
import { UsageError } from '../exit.ts';
import { jsonLog, print } from '../output.ts';
import { portNumber } from './sender-options.ts';

interface WorkerFlags {
  readonly config: string;
  readonly secrets: string;
  readonly agentsFolder: string;
  readonly queueUrl?: string;
  readonly check?: boolean;
  readonly healthPort?: number;
}

const ANSWERS = 'fence-answers' satisfies QueueName;

/** `salvor fence-worker`: runs fence agents beside the BMC network, and restarts services, for a salvor elsewhere. */
export function fenceWorkerCommand(): Command {
  return new Command('fence-worker')
    .description('run fence agents beside the BMC network, as salvor asks for them by a queue')
    .addOption(
      new Option('--config <file>', 'YAML: agents, networks, restarts')
        .env('SALVOR_FENCE_WORKER_CONFIG')
        .default('fence-worker.yaml'),
    )
    .addOption(
      new Option('--secrets <file>', 'credentials of the devices, mode 600')
        .env('SALVOR_SECRETS')
        .default('secrets.yaml'),
    )
    .addOption(new Option('--agents-folder <folder>', 'where the fence agents are').default('/usr/sbin'))
    .option('--queue-url <url>', 'of its own queue: …fence-requests-<its name>')
    .option('--check', 'only say whether the configuration is right, and what the agents are')
    .addOption(new Option('--health-port <n>', 'GET /healthz on 127.0.0.1').argParser(portNumber))
    .action(async (_: unknown, command: Command) => {
      // Every command of salvor has an option --queue-url.
      const flags = command.optsWithGlobals<WorkerFlags>();
      const config = readWorkerConfig(flags.config);
      const agents = await openAgents(flags.agentsFolder, config);
      const taskOf = tasksOf({ config, agents, secrets: fileSecrets(flags.secrets) });
      if (flags.check === true) {
        for (const { name, metadata } of agents.values())
          print(`${name}: ${[...metadata.parameters.keys()].join(' ')}`);
        return;
      }
      const { name, place } = await placeOf(flags.queueUrl);
      const log = jsonLog();
      const queue = requestQueue(place);
      const worker = await startFenceWorker({
        ...{ queue, taskOf, limits: limitsOf(config), clock: systemClock, log, healthPort: flags.healthPort },
      });
      const ended = askedToEnd();
      log.info('the fence worker runs', { name, agents: [...agents.keys()], healthPort: worker.healthPort });
      await ended;
      await worker.stop();
    });
}

/** @throws UsageError when the address is not that of a worker's queue */
async function placeOf(requestsUrl = ''): Promise<{ readonly name: string; readonly place: QueuePlace }> {
  const [, before = '', , name = ''] = /^(https?:\/\/.*\/(.+-)?)fence-requests-([^/]+)$/.exec(requestsUrl) ?? [];
  if (!workerName.safeParse(name).success)
    throw new UsageError(
      `--queue-url is the address of this worker's own queue: https://…/salvor-prod-${fenceRequestsOf('rack-a')}`,
    );
  return { name, place: { client: await clientFor(requestsUrl), requestsUrl, answersUrl: `${before}${ANSWERS}` } };
}

/** A salvor at one site serves its queues by HTTP on its own machine, for any credentials; AWS never does. */
async function clientFor(url: string): Promise<QueuePlace['client']> {
  const isEmbedded = url.startsWith('http:') && process.env.AWS_ENDPOINT_URL === undefined;
  if (isEmbedded) return (await import('#infra/embedded/sqs-server.ts')).embeddedClient(new URL(url).origin);
  const { SQSClient } = await import('@aws-sdk/client-sqs');
  return new SQSClient({ useQueueUrlAsEndpoint: process.env.AWS_ENDPOINT_URL === undefined });
}
