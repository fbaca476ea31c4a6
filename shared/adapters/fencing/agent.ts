import type { FenceDeviceConfig } from '#shared/domain/policy-devices.ts';
import type { FenceDevice, Fencing, Objection, PowerOffAnswer, WorkerReply, Workers } from '#shared/ports.ts';

type AgentConfig = Extract<FenceDeviceConfig, { readonly driver: 'agent' }>;

/**
 * A host's device by a fence agent that a worker beside the BMC network runs: one run for each reading and each switching.
 * Agents tell of no system whose power they switch: whose it is stands in the policy alone.
 */
export function agentDevice(config: AgentConfig, workers: Workers): FenceDevice {
  const { agent, worker, parameters, credentials, systemUuid: configured, timeoutSeconds } = config;
  const ask = (action: 'status' | 'on' | 'off'): Promise<WorkerReply> =>
    workers.ask(worker, { type: 'fence', action, agent, parameters, credentials }, timeoutSeconds * 1000);
  const switchTo = async (
    action: 'on' | 'off',
    asked: string | null,
    objection: Objection | undefined,
  ): Promise<PowerOffAnswer> => {
    const wanted = configured ?? asked;
    if (wanted !== null) return nothingSent(`fence agents tell no system, and it was to be ${wanted}`);
    const objected = await objection?.();
    if (objected !== undefined) return nothingSent(objected);
    const { answer, detail, durationMs } = await ask(action);
    return { kind: answer === 'accepted' || answer === 'refused' ? answer : 'unknown', detail, durationMs };
  };
  return {
    readPower: async () => {
      const { answer, refused, ...reply } = await ask('status');
      const power = answer === 'on' || answer === 'off' ? answer : 'unknown';
      return { power, systemUuid: null, ...reply, ...(refused === undefined ? {} : { refused }) };
    },
    powerOff: (asked, objection) => switchTo('off', asked, objection),
    powerOn: (asked, objection) => switchTo('on', asked, objection),
  };
}

const nothingSent = (because: string): PowerOffAnswer => ({
  kind: 'refused',
  detail: `nothing was sent: ${because}`,
  durationMs: 0,
});

/** Devices by fence agents too. They need neither the cloud nor a secret here. */
export const withWorkers = (others: Fencing, workers: Workers): Fencing => ({
  device: async (config) => (config.driver === 'agent' ? agentDevice(config, workers) : others.device(config)),
});

const NO_WORKERS: Workers = {
  ask: async (worker) => ({
    answer: 'unknown',
    detail: `fence worker ${worker} is asked by a running salvor only`,
    durationMs: 0,
  }),
};

/** For whoever has no queue to a worker: it can be made, and knows nothing. */
export const agentWithoutWorker = (config: AgentConfig): FenceDevice => agentDevice(config, NO_WORKERS);
