import { access, constants } from 'node:fs/promises';
import { join } from 'node:path';
import { PermanentError } from '#shared/errors.ts';
import type { WorkerConfig } from './config.ts';
import { type AgentMetadata, parseMetadata } from './metadata.ts';
import { faultOfOwn } from './parameters.ts';
import { runProgram } from './run-program.ts';

/** A fence agent that this worker runs. */
export interface Agent {
  readonly name: string;
  readonly file: string;
  readonly metadata: AgentMetadata;
  /** The worker's own parameters. */
  readonly own: Readonly<Record<string, string>>;
}

const METADATA_MS = 15_000;

/** What these call off is no proof that a host has no power. */
const UNFIT: ReadonlyMap<string, string> = new Map([
  ['fence_compute', 'it tells Nova, and switches nothing off'],
  ['fence_crosslink', 'it takes a host that does not answer for off'],
  ['fence_dummy', 'its device is made up'],
  ['fence_evacuate', 'it evacuates, and switches nothing off'],
  ['fence_sbd', 'it leaves a message on a disk, and reads no power'],
]);

/**
 * The agents of the configuration, asked for what they take.
 * @param folder where they lie: `/usr/sbin`
 * @throws PermanentError that says of which agent something is wrong, and what
 */
export async function openAgents(folder: string, config: WorkerConfig): Promise<ReadonlyMap<string, Agent>> {
  const agents = new Map<string, Agent>();
  // One after the other: each is a Python that loads all of its libraries.
  for (const [name, { parameters }] of Object.entries(config.agents)) {
    const agent: Agent = { name, file: join(folder, name), metadata: await metadataOf(folder, name), own: parameters };
    const fault = unfit(agent) ?? faultOfOwn(agent);
    if (fault !== undefined) throw new PermanentError(`${name} is not run: ${fault}`);
    agents.set(name, agent);
  }
  return agents;
}

async function metadataOf(folder: string, name: string): Promise<AgentMetadata> {
  const file = join(folder, name);
  await access(file, constants.X_OK).catch(() => {
    throw new PermanentError(`there is no fence agent ${name} in ${folder}: install it, or leave it out`);
  });
  const { code, notBegun, stdout, stderr } = await runProgram({
    file,
    args: ['-o', 'metadata'],
    input: '',
    limitMs: METADATA_MS,
  });
  try {
    return parseMetadata(stdout);
  } catch (error) {
    if (!(error instanceof PermanentError)) throw error;
    const said = notBegun ?? stderr.trim().split('\n').at(-1) ?? '';
    throw new PermanentError(`${name} is not run: ${error.message} (it ended with ${code}: ${said})`, { cause: error });
  }
}

function unfit({ name, metadata }: Agent): string | undefined {
  const known = UNFIT.get(name);
  if (known !== undefined) return known;
  if (metadata.isFabric) return 'it cuts off storage or a network, not power: the host may still run';
  const missing = ['off', 'status'].find((action) => !metadata.actions.has(action));
  return missing === undefined ? undefined : `it has no action ${missing}, so that nothing proves a host off`;
}
