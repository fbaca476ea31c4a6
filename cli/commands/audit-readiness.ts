import { Command } from 'commander';
import { streamOfReadiness } from '#shared/domain/audit.ts';
import type { HostReadiness, ReadinessFact } from '#shared/domain/readiness.ts';
import { PermanentError } from '#shared/errors.ts';
import type { StateReader } from '#shared/ports.ts';
import { readKept } from '#shared/state/read-audit.ts';
import { READINESS_PARTITION_PREFIX, readinessOf } from '#shared/state/readiness.ts';
import { print, printJson, table } from '../output.ts';
import { withState } from './read-state.ts';

/** `salvor audit readiness <host>`: since when a host could be fenced, and when not, and why. */
export function auditReadinessCommand(): Command {
  return new Command('readiness')
    .description('print when a host could be fenced and when not, and which device was bound to it')
    .argument('<host>', 'its name')
    .option('--json', 'print JSON')
    .action((wanted: string, _, command: Command) =>
      withState(command, async (state) => {
        const { hostKey } = await find(state, wanted);
        const records = (await readKept(state, streamOfReadiness(hostKey))).map(({ record }) => record);
        if (command.optsWithGlobals<{ readonly json?: true }>().json === true) printJson(records);
        else
          print(
            table(
              ['TIME', 'WHAT', 'BECAUSE'],
              records.map(({ atMs, fact }) => {
                const told = fact as unknown as ReadinessFact;
                const what =
                  told.type === 'device-bound'
                    ? `bound to ${told.systemUuid}`
                    : `${told.from ?? 'unknown'} -> ${told.to}`;
                return [new Date(atMs).toISOString(), what, told.because];
              }),
            ),
          );
      }),
    );
}

async function find(state: StateReader, wanted: string): Promise<HostReadiness> {
  for await (const partition of state.partitions('items')) {
    if (!partition.startsWith(READINESS_PARTITION_PREFIX)) continue;
    for await (const readiness of readinessOf(state, partition)) if (readiness.host === wanted) return readiness;
  }
  throw new PermanentError(`the fence devices of ${wanted} were never asked: "salvor doctor" says why`);
}
