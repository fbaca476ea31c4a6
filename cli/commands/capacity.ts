import { Command } from 'commander';
import { readPolicy } from '#infra/site/policy-file.ts';
import type { Loss, SegmentCapacity } from '#shared/domain/forecast/capacity.ts';
import { capacityNow } from '#shared/views/capacity.ts';
import { mirroredAtMs } from '#shared/views/failing.ts';
import { EXIT } from '../exit.ts';
import { print, printJson, table } from '../output.ts';
import { withState } from './read-state.ts';
import { policyOption } from './site-options.ts';

/** `salvor capacity`: whether each segment would find room for one host that fails, and for two. */
export function capacityCommand(): Command {
  return new Command('capacity')
    .description('say of each segment whether it has room for any one host that fails, and any two')
    .addOption(policyOption())
    .option('--json', 'print JSON')
    .action(async ({ policy: file, json }, command: Command) => {
      const capacity = await withState(command, async (state) => {
        const policy = readPolicy(file);
        await mirroredAtMs(state, policy);
        return (await capacityNow(state, policy)).segments;
      });
      if (json) printJson(capacity);
      else print(asTable(capacity));
      if (capacity.some(({ one }) => !one.survives)) process.exitCode = EXIT.person;
    });
}

const asTable = (capacity: readonly SegmentCapacity[]): string =>
  table(
    ['SEGMENT', 'HOSTS', 'INSTANCES', 'ONE HOST FAILS', 'TWO HOSTS FAIL', 'LARGEST INSTANCE'],
    capacity.map(({ segment, hosts, instances, one, two, largest }) => [
      segment,
      String(hosts),
      String(instances),
      inWords(one),
      inWords(two),
      largest === null ? '-' : `${largest.name}, ${largest.memoryMb} MB: fits on ${largest.fitsOn} others`,
    ]),
  );

function inWords({ survives, worst, planned, of }: Loss): string {
  const looked = planned < of ? ` (${planned} of ${of} planned to the end)` : '';
  if (worst === null) return survives ? 'room for all' : '-';
  return `NO ROOM for ${worst.without} (${worst.memoryMb} MB) of ${worst.hosts.join(' and ')}${looked}`;
}
