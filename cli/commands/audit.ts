import { Command } from 'commander';
import type { AuditRecord } from '#shared/domain/audit.ts';
import type { StateReader } from '#shared/ports.ts';
import type { IncidentEntry } from '#shared/state/hosts.ts';
import { type Audit, readIncidentAudit, readStream } from '#shared/state/read-audit.ts';
import { loadTasks } from '#shared/state/tasks.ts';
import { EXIT } from '../exit.ts';
import { print, printJson } from '../output.ts';
import { recordLine } from '../record-line.ts';
import { auditCheckpointCommand } from './audit-checkpoint.ts';
import { auditHostCommand } from './audit-host.ts';
import { auditOperatorsCommand } from './audit-operators.ts';
import { auditReadinessCommand } from './audit-readiness.ts';
import { auditVerifyCommand } from './audit-verify.ts';
import { findAny } from './find-incident.ts';
import type { Other } from './find-other.ts';
import { withState } from './read-state.ts';

/** `salvor audit <incident>`: everything that was reported, decided and done, in order. */
export function auditCommand(): Command {
  return new Command('audit')
    .description('print everything that was reported, decided and done in an incident')
    .argument('<incident>', 'its id or the beginning of it; or a host: then its newest; or an instance')
    .option('--json', 'print JSON')
    .addCommand(auditVerifyCommand())
    .addCommand(auditCheckpointCommand())
    .addCommand(auditHostCommand())
    .addCommand(auditOperatorsCommand())
    .addCommand(auditReadinessCommand())
    .action(async (wanted: string, { json }, command: Command) => {
      await withState(command, async (state) => {
        const found = await findAny(state, wanted);
        if ('other' in found) {
          await showOther(state, found.other, json === true);
          return;
        }
        const { incident: entry } = found;
        const audit = await readIncidentAudit(state, entry);
        const names = new Map((await loadTasks(state, entry.id)).map(({ value }) => [value.instanceId, value.name]));
        const records = inOrder(audit, entry);
        if (json) printJson({ incident: entry, records, faults: faultsOf(audit) });
        else print(asText(entry, records, audit, names));
        if (faultsOf(audit).length > 0) process.exitCode = EXIT.person;
      });
    });
}

/** All that there is of an instance, or of the processes of a host: one stream. */
async function showOther(state: StateReader, { name, stream }: Other, json: boolean): Promise<void> {
  const { records, fault } = await readStream(state, stream);
  if (json) printJson({ stream, records, faults: fault === undefined ? [] : [`${stream}: ${fault}`] });
  else {
    const whole = fault === undefined ? '1 hash chain is whole' : `BROKEN ${stream}: ${fault}`;
    print([name, ...records.map((record) => recordLine(record, '')), whole].join('\n'));
  }
  if (fault !== undefined) process.exitCode = EXIT.person;
}

/** Streams side by side by time; within a stream the order of its records never changes. */
function inOrder({ streams }: Audit, { openedAtMs, closedAtMs }: IncidentEntry): readonly AuditRecord[] {
  const untilMs = closedAtMs ?? Number.POSITIVE_INFINITY;
  return [...streams]
    .flatMap(([stream, { records }]) =>
      stream.startsWith('host#') ? records.filter(({ atMs }) => atMs >= openedAtMs && atMs <= untilMs) : records,
    )
    .sort((a, b) => a.atMs - b.atMs || a.stream.localeCompare(b.stream) || a.seq - b.seq);
}

const faultsOf = ({ streams }: Audit): readonly string[] =>
  [...streams].flatMap(([stream, { fault }]) => (fault === undefined ? [] : [`${stream}: ${fault}`]));

function asText(
  { id, host, outcome, because }: IncidentEntry,
  records: readonly AuditRecord[],
  audit: Audit,
  names: ReadonlyMap<string, string>,
): string {
  const lines = records.map((record) => {
    const [kind, , instanceId = ''] = record.stream.split('#');
    return recordLine(record, kind === 'task' ? (names.get(instanceId) ?? instanceId) : (kind ?? ''));
  });
  const faults = faultsOf(audit);
  const chains =
    faults.length === 0
      ? `${audit.streams.size} hash chains are whole`
      : faults.map((fault) => `BROKEN ${fault}`).join('\n');
  return [
    `incident ${id} of ${host}: ${outcome ?? 'open'}${outcome === null ? '' : ` (${because})`}`,
    ...lines,
    chains,
  ].join('\n');
}
