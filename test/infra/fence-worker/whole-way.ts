import { startEmbedded } from '#infra/embedded/runtime.ts';
import { openAgents } from '#infra/fence-worker/agents.ts';
import type { WorkerConfig } from '#infra/fence-worker/config.ts';
import { startFenceWorker } from '#infra/fence-worker/fence-worker.ts';
import { requestQueue } from '#infra/fence-worker/request-queue.ts';
import { limitsOf, tasksOf } from '#infra/fence-worker/tasks.ts';
import { systemClock } from '#shared/adapters/system/clock.ts';
import { policySchema } from '#shared/domain/policy.ts';
import type { FenceDeviceConfig, Fencing, Secrets } from '#shared/ports.ts';
import { outsideServices, recordedLog } from '../embedded/stubs.ts';

export type AgentConfig = Extract<FenceDeviceConfig, { readonly driver: 'agent' }>;

export interface WholeWay {
  readonly fencing: Fencing;
  stop(): Promise<void>;
}

/** From a function's device by the worker's queue, the worker, its agent, the queue of answers and its function to the state. */
export async function startWholeWay(
  device: AgentConfig,
  { agentsFolder, config, secrets }: { agentsFolder: string; config: WorkerConfig; secrets: Secrets },
): Promise<WholeWay> {
  const services = outsideServices(recordedLog());
  const policy = policySchema.parse({
    version: 1,
    watch: { everySeconds: 0 },
    segments: [{ name: 'az', hosts: { availabilityZone: 'nova' } }],
    fenceDevices: { 'compute-1': device },
  });
  const agents = await openAgents(agentsFolder, config);
  const embedded = await startEmbedded({ port: 0, services: { ...services, policy } });
  const { client, workerUrls, queueUrls } = embedded;
  const worker = await startFenceWorker({
    queue: requestQueue({
      client,
      requestsUrl: workerUrls[device.worker] ?? '',
      answersUrl: queueUrls['fence-answers'],
    }),
    taskOf: tasksOf({ config, agents, secrets }),
    limits: limitsOf(config),
    clock: systemClock,
    log: services.log,
  });
  return {
    fencing: embedded.services.fencing,
    stop: async () => {
      const stopped = worker.stop();
      await embedded.stop();
      await stopped;
    },
  };
}
