import type { FenceRequest, RestartRequest, WorkerRequest } from '#events/fence-worker.ts';
import { fitsGlob } from '#shared/domain/glob.ts';
import { isSecret } from '#shared/domain/policy-agent.ts';
import { PermanentError } from '#shared/errors.ts';
import { redactor } from '#shared/http/redact.ts';
import type { Secrets } from '#shared/ports.ts';
import type { Agent } from './agents.ts';
import type { RestartConfig, WorkerConfig } from './config.ts';
import { type NetworkOf, networksOf } from './networks.ts';
import { notRun, type Outcome, outcomeOf } from './outcome.ts';
import { faultOfRequest, faultOfSecret, inputOf } from './parameters.ts';
import { loudnessOf } from './refusals.ts';
import { runProgram } from './run-program.ts';
import type { Place } from './slots.ts';

/** What a request comes to: where it is done, and how. */
export interface Task {
  readonly place: Place;
  /** Its effect can't be taken back, so that it is not done twice. */
  readonly hasEffect: boolean;
  /** For the log. */
  readonly about: Readonly<Record<string, string>>;
  /** Ends soon after the limit. */
  run(limitMs: number): Promise<Outcome>;
}

/** The task of a request, or why it is not done. */
export type TaskOf = (request: WorkerRequest) => Task | string;

export interface TaskOptions {
  readonly config: WorkerConfig;
  readonly agents: ReadonlyMap<string, Agent>;
  readonly secrets: Secrets;
}

const WITHOUT_ADDRESS = 'without an address';
const OF_RESTARTS = 'restarts';
const RESTARTS_AT_ONCE = 4;

/** How many runs there may be at the same time, by network. */
export const limitsOf = ({ networks, concurrency }: WorkerConfig): ReadonlyMap<string, number> =>
  new Map([
    ...networks.map(({ name, concurrency: limit }) => [`network ${name}`, limit] as const),
    [WITHOUT_ADDRESS, concurrency],
    [OF_RESTARTS, RESTARTS_AT_ONCE],
  ]);

/** @throws PermanentError when the configuration can't be right */
export function tasksOf(options: TaskOptions): TaskOf {
  const networkOf = networksOf(options.config.networks);
  return (request) =>
    request.type === 'fence' ? fenceTask(request, options, networkOf) : restartTask(request, options.config.restarts);
}

function fenceTask(request: FenceRequest, { agents, secrets }: TaskOptions, networkOf: NetworkOf): Task | string {
  const { action, agent: name, parameters, credentials } = request;
  const agent = agents.get(name);
  if (agent === undefined)
    return `${name} is none of this worker's agents, ${[...agents.keys()].join(', ') || 'of which there is none'}`;
  const fault = faultOfRequest(agent, parameters);
  if (fault !== undefined) return fault;
  const { ip = agent.own.ip, ipport = agent.own.ipport ?? '' } = parameters;
  const network = ip === undefined ? undefined : networkOf(ip);
  if (parameters.ip !== undefined && network === undefined)
    return `${parameters.ip} is in none of this worker's networks`;
  return {
    place: {
      // A device with many outlets has one session to give, often enough.
      device: ip === undefined ? `${name} ${JSON.stringify(parameters)}` : `${ip} ${ipport}`.toLowerCase(),
      network: network === undefined ? WITHOUT_ADDRESS : `network ${network}`,
      isUrgent: action !== 'status',
    },
    hasEffect: action !== 'status',
    about: { action, agent: name, ...parameters },
    run: async (limitMs) => {
      const secret = await secretOf(secrets, credentials);
      if (typeof secret === 'string') return notRun(secret);
      const wrong = faultOfSecret(agent, parameters, secret);
      if (wrong !== undefined) return notRun(`secret ${credentials} does not fit ${name}: ${wrong}`);
      const redact = redactor(
        Object.entries({ ...secret, ...agent.own }).flatMap(([key, value]) => (isSecret(key) ? [value] : [])),
      );
      const loudness = action === 'status' ? loudnessOf(agent) : {};
      const input = inputOf(agent, action, loudness, parameters, secret);
      return outcomeOf(name, action, await runProgram({ file: agent.file, args: [], input, limitMs }), redact);
    },
  };
}

/** Or why there is none; what the file says is not repeated. */
async function secretOf(secrets: Secrets, name: string): Promise<Readonly<Record<string, string>> | string> {
  try {
    return await secrets.get(name);
  } catch (error) {
    if (error instanceof PermanentError) return error.message;
    throw error;
  }
}

/** As Nova's service hosts are called; a shell at the other end would see no more than a word. */
const HOST = /^[A-Za-z0-9][A-Za-z0-9._-]{0,254}$/;

function restartTask({ host, service }: RestartRequest, restarts: readonly RestartConfig[]): Task | string {
  const rule = restarts.find(
    ({ services, hosts }) => services.includes(service) && hosts.some((pattern) => fitsGlob(host, pattern)),
  );
  if (rule === undefined || !HOST.test(host)) return `this worker restarts no ${service} on ${host}`;
  const [file = '', ...args] = rule.command.map((word) =>
    word.replaceAll('{host}', host).replaceAll('{service}', service),
  );
  return {
    place: { device: `host ${host}`, network: OF_RESTARTS, isUrgent: false },
    hasEffect: true,
    about: { action: 'restart', host, service },
    run: async (limitMs) => {
      const ran = await runProgram({ file, args, input: '', limitMs });
      const { code, cutOff, notBegun, stdout, stderr, durationMs } = ran;
      if (notBegun !== undefined) return notRun(`${file} can't be started: ${notBegun}`);
      if (cutOff)
        return { answer: 'unknown', detail: `the restart took too long and was cut off after ${durationMs} ms` };
      if (code === 0) return { answer: 'accepted', detail: `${service} was restarted on ${host}` };
      const said = redactor([])(`${stdout} ${stderr}`) || 'without a word';
      // ssh ends with 255 when it has lost the host: then nobody knows.
      return {
        answer: code === null || code === 255 ? 'unknown' : 'failed',
        detail: `the restart ended with ${code}: ${said}`,
      };
    },
  };
}
