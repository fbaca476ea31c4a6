import * as z from 'zod';
import { agentName, agentParameters, workerName } from '#events/fence-worker.ts';
import { name } from './policy-values.ts';

/** The keys of the driver `agent`: a ClusterLabs fence agent, run by a fence worker beside the BMC network. */
export const agentKeys = {
  driver: z.literal('agent'),
  /** Such as `fence_ipmilan`. */
  agent: agentName,
  /** Which worker runs it. Each has a queue of its own. */
  worker: workerName.default('default'),
  /** As the agent's metadata names them, such as `ip` and `plug`. */
  parameters: agentParameters,
  /** `outlet`, of a power supply: that it is on says nothing of the host, and all outlets of a level must be off. */
  switches: z.enum(['system', 'outlet']).default('system'),
  /** Name of a secret that the worker has; it never leaves it. */
  credentials: name,
};

const agentConfig = z.strictObject(agentKeys);
type AgentPart = z.infer<typeof agentConfig>;

/**
 * What tells one device, or one outlet of it, from another; all else says in which manner it is spoken to. Of an agent that
 * has none of these everything counts.
 */
const PLACE = [
  'ip',
  'ipport',
  'switch',
  'plug',
  'systems_uri',
  'target',
  'managed',
  'suborg',
  'pve_node',
  'region',
  'zone',
] as const;

const OLD_NAMES: ReadonlyMap<string, string> = new Map([
  ['ipaddr', 'ip'],
  ['port', 'plug'],
  ['login', 'username'],
  ['passwd', 'password'],
  ['passwd_script', 'password_script'],
]);

/** Where it is, whichever agent speaks to it. */
export function agentAddress({ parameters }: AgentPart): string {
  const place = PLACE.filter((key) => parameters[key] !== undefined);
  const keys = place.length > 0 ? place : Object.keys(parameters).sort();
  return keys.map((key) => `${key}=${parameters[key]}`).join(' ');
}

/** With the host's name in place of `{host}`. */
export const agentOfHost = <T extends AgentPart>(config: T, host: string): T => ({
  ...config,
  parameters: Object.fromEntries(
    Object.entries(config.parameters).map(([key, value]) => [key, value.replaceAll('{host}', host)]),
  ),
});

/** What can't be right, whichever agent it is. */
export function* agentFaults({ parameters, systemUuid }: AgentPart & { systemUuid?: string | undefined }) {
  for (const [old, now] of OLD_NAMES)
    if (parameters[old] !== undefined) yield `the parameter ${old} is called ${now} today: write that`;
  for (const key of Object.keys(parameters))
    if (isSecret(key)) yield `the parameter ${key} is a secret: put it into the worker's secrets file`;
  if (parameters.plug?.includes(',')) yield 'plug names several outlets: list them as devices of one level';
  if (systemUuid !== undefined)
    yield 'fence agents tell no system, so that none can be asked for: leave out systemUuid';
}

const SECRET = /passwd|password|secret|token|apikey|access_key|community|hexadecimal_kg/;

/** No such parameter goes over a queue. */
export const isSecret = (parameter: string): boolean =>
  SECRET.test(parameter) && !OLD_NAMES.has(parameter) && !parameter.endsWith('_script');
