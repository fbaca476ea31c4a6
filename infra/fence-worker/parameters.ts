import { isSecret } from '#shared/domain/policy-agent.ts';
import type { Agent } from './agents.ts';
import type { AgentParameter } from './metadata.ts';

type Parameters = Readonly<Record<string, string>>;

/** Never, whoever asks: it is the worker that says what is done, or what it reads would be no proof. */
const NEVER: ReadonlyMap<string, string> = new Map([
  ['action', 'the action is that of the request'],
  ['option', 'the action is that of the request'],
  ['help', 'it runs nothing'],
  ['version', 'it runs nothing'],
  ['missing_as_off', 'what the device does not know is not off'],
  ['network_fencing', 'it cuts off a network, not power'],
  ['no_status', 'nothing is proven without a status'],
]);

/**
 * Not by the queue: these name programs, files and addresses of the worker's machine, or make a run longer or louder. The
 * worker's own configuration may set them.
 */
const OWN_ONLY =
  /^(delay|method|quiet|verbose|verbose_level|debug|debug_file|disable_timeout|separator|plug_separator|port_as_ip|exec|kubeconfig|openrc|cacert|tlscacert|tlscert|tlskey|serviceaccount|plugzonemap|identity_file|ssh_options|command_prompt|logfile|proxy.*|runon.*|.*_file|.*_script|.*_url|.*_debug|.*_path)$/;
/** But the path within a device's own address. */
const PATHS_OF_DEVICES = new Set(['api_path']);

/** Agents build command lines of what they are given. A blank, a quote or a leading hyphen would be more than a value. */
const PLAIN = /^[A-Za-z0-9_.:/@%+=~[\]{},][A-Za-z0-9_.:/@%+=~[\]{},-]*$/;

const BY_TYPE: Readonly<Record<string, RegExp>> = {
  integer: /^\d{1,9}$/,
  second: /^\d{1,5}(\.\d{1,3})?$/,
  boolean: /^(0|1|yes|no|on|off|true|false)$/i,
};

/** Why a request with these parameters is not run; undefined when nothing is against it. */
export function faultOfRequest(agent: Agent, parameters: Parameters): string | undefined {
  for (const [key, value] of Object.entries(parameters)) {
    const fault = faultOfAsked(agent, key, value);
    if (fault !== undefined) return `parameter ${key} of ${agent.name}: ${fault}`;
  }
  return undefined;
}

function faultOfAsked(agent: Agent, key: string, value: string): string | undefined {
  if (isSecret(key)) return "a secret does not come by the queue: put it into the worker's secrets file";
  if (OWN_ONLY.test(key) && !PATHS_OF_DEVICES.has(key)) return "it is set by the worker's own configuration only";
  if (agent.own[key] !== undefined) return "the worker's own configuration sets it";
  if (!PLAIN.test(value)) return 'its value has characters that do not come by the queue';
  // Agents put it behind address and port.
  if (/(_uri|_path)$/.test(key) && !value.startsWith('/')) return 'a path begins with /';
  return faultOf(agent, key, value);
}

/** What is wrong with the worker's own parameters of an agent. */
export function faultOfOwn(agent: Agent): string | undefined {
  for (const [key, value] of Object.entries(agent.own)) {
    const fault = faultOf(agent, key, value);
    if (fault !== undefined) return `parameter ${key}: ${fault}`;
  }
  return undefined;
}

/** Agents leave out what they don't know, with a warning: a misspelt plug would be another host's. */
function faultOf({ metadata }: Agent, key: string, value: string): string | undefined {
  const never = NEVER.get(key);
  if (never !== undefined) return never;
  const known = metadata.parameters.get(key);
  if (known === undefined) return 'the agent does not know it';
  if (known.isDeprecated) return 'that is an old name: write the new one';
  if (hasControls(value)) return 'its value has line breaks or other control characters';
  if (known.options.length > 0 && !known.options.includes(value)) return `it is one of ${known.options.join(', ')}`;
  return BY_TYPE[known.type]?.test(value) === false ? `its value is no ${known.type}` : undefined;
}

const hasControls = (value: string): boolean => /\p{Cc}/u.test(value);

/** Why a secret can't go to an agent, without a word of what is in it. */
export function faultOfSecret(agent: Agent, parameters: Parameters, secret: Parameters): string | undefined {
  for (const [key, value] of Object.entries(secret)) {
    if (parameters[key] !== undefined || agent.own[key] !== undefined) return `its ${key} is set elsewhere as well`;
    const fault = faultOf(agent, key, value);
    if (fault !== undefined) return `its ${key}: ${fault}`;
  }
  return undefined;
}

/**
 * What an agent reads from its standard input (fencing.py, `_parse_input_stdin`): a line for each parameter, whose blanks at
 * both ends and whose quotes around all of it are taken off.
 */
export function inputOf(agent: Agent, action: string, ...given: readonly Parameters[]): string {
  const parameters = Object.entries(Object.assign({}, ...given, agent.own) as Parameters);
  const lines = parameters
    .filter(([key, value]) => !isFlagLeftOut(agent.metadata.parameters.get(key), value))
    .map(([key, value]) => `${key}=${/^\s|\s$|^".*"$/.test(value) ? `"${value}"` : value}`);
  return [`action=${action}`, ...lines, ''].join('\n');
}

/** Many agents ask only whether a flag was named: `ssl_insecure=0` would switch it on. */
const isFlagLeftOut = (known: AgentParameter | undefined, value: string): boolean =>
  known?.type === 'boolean' && /^(0|no|off|false)$/i.test(value) && /^(0|no|off|false)?$/i.test(known.default ?? '');
