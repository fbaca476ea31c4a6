import { coverageOf, ENOUGH } from '#cli/simulate/coverage.ts';
import type { Results } from './figures.ts';

const whole = (value: number): string => Math.round(value).toLocaleString('en');
const on = ({ cores, date, commit }: { cores: number; date: string; commit: string }): string =>
  `_${cores} cores, ${date}, commit ${commit}_`;

/** The figures of docs/safety.md. Every number was printed by one of the commands above it on the page. */
export function section(results: Results): string {
  return [
    '## Figures',
    '',
    'Written by `npm run safety`, from what the commands above print.',
    ...simulationPart(results.simulation),
    ...modelPart(results.model),
    ...variantsPart(results.variants),
    ...mutationPart(results.mutation),
    ...soakPart(results.soak),
    ...localstackPart(results.localstack),
  ].join('\n');
}

function simulationPart(measured: Results['simulation']): string[] {
  if (measured === undefined) return [];
  const { tally, broken, seconds } = measured.figures;
  const brokenBy = (...ids: readonly string[]) => broken.filter(({ violation }) => ids.includes(violation.id)).length;
  const kinds = Object.entries(tally.byKind).sort(([, a], [, b]) => b - a);
  return [
    '',
    '### Simulated worlds',
    '',
    on(measured.machine),
    '',
    '| | |',
    '| --- | --- |',
    `| seeds explored | ${whole(tally.seeds)} |`,
    `| incidents | ${whole(tally.incidents)}, ${whole((60 * tally.incidents) / seconds)} a minute |`,
    `| instances planned for | ${whole(tally.instances)} |`,
    `| power-offs, evacuations asked for | ${whole(tally.powerOffs)}, ${whole(tally.evacuations)} |`,
    `| virtual time | ${whole(tally.virtualHours)} h |`,
    `| faults injected | ${whole(tally.faults)} |`,
    `| instances in two places, or evacuated twice (S0, S4) | ${brokenBy('S0', 'S4')} |`,
    `| evacuations without proof (S1) | ${brokenBy('S1')} |`,
    `| instances forgotten (L1) | ${brokenBy('L1')} |`,
    `| seeds in which any invariant broke | ${broken.length} |`,
    '',
    reachText(tally.pairs),
    '',
    `Faults by kind: ${kinds.map(([kind, count]) => `${kind} ${whole(count)}`).join(', ')}.`,
  ];
}

function reachText(pairs: Readonly<Record<string, number>>): string {
  const { reachable, covered, missing } = coverageOf({ pairs });
  const rarest = [...missing].sort((a, b) => a.hits - b.hits).slice(0, 8);
  const least = rarest.map(({ kind, state, hits }) => `${kind} in ${state} ${hits}`).join(', ');
  return `${covered} of ${reachable} reachable pairs of fault and state were struck ${ENOUGH} times or more${least === '' ? '.' : `; the rarest: ${least}.`}`;
}

function modelPart(measured: Results['model']): string[] {
  if (measured === undefined) return [];
  const { profiles, seconds: took } = measured.figures;
  const sum = (of: (profile: (typeof profiles)[number]) => number) => profiles.reduce((all, each) => all + of(each), 0);
  return [
    '',
    '### Worlds searched to their end',
    '',
    on(measured.machine),
    '',
    '| world | within these bounds | distinct states | transitions | seconds | broken |',
    '| --- | --- | --- | --- | --- | --- |',
    ...profiles.map(
      ({ name, bounds, states, transitions, seconds, broken }) =>
        `| ${name} | ${bounds} | ${whole(states)} | ${whole(transitions)} | ${whole(seconds)} | ${broken ?? 'nothing'} |`,
    ),
    `| all | | ${whole(sum(({ states }) => states))} | ${whole(sum(({ transitions }) => transitions))} | ${whole(sum(({ seconds }) => seconds))}${took === undefined ? '' : `, two at a time in ${whole(took)}`} | |`,
  ];
}

function variantsPart(measured: Results['variants']): string[] {
  if (measured === undefined) return [];
  const { figures } = measured;
  return [
    '',
    '### Broken on purpose',
    '',
    on(measured.machine),
    '',
    `${figures.filter(({ caught }) => caught).length} of ${figures.length} broken variants are caught by an invariant.`,
    '',
    '| variant | broken in | what is wrong | caught by | after |',
    '| --- | --- | --- | --- | --- |',
    ...figures.map(
      ({ name, room, wrong, caught, by, effort, at }) =>
        `| ${name} | ${room} | ${wrong} | ${caught ? by : '**got away**'} | ${effort}${at === undefined ? '' : ` (at ${at})`} |`,
    ),
  ];
}

function localstackPart(measured: Results['localstack']): string[] {
  if (measured === undefined) return [];
  const { figures } = measured;
  return [
    '',
    '### Killed in Lambda',
    '',
    on(measured.machine),
    '',
    'Deployed to LocalStack, with a DynamoDB that throttles and messages that were received to the limit.',
    '',
    '| | |',
    '| --- | --- |',
    `| Lambda environments killed in the middle of their work | ${whole(figures.kills)} |`,
    `| requests throttled | ${whole(figures.throttledRequests)} |`,
    `| dead letters, all redriven | ${whole(figures.deadLetters)} |`,
    `| events lost | ${figures.eventsLost} |`,
    `| double evacuations | ${figures.doubleEvacuations} |`,
    `| evacuations without proof | ${figures.withoutProof} |`,
    `| what else was broken | ${figures.broken.length} |`,
  ];
}

function mutationPart(measured: Results['mutation']): string[] {
  if (measured === undefined) return [];
  const { score, mutants, killed, survived, explained } = measured.figures;
  return [
    '',
    '### Mutants of the domain',
    '',
    on(measured.machine),
    '',
    `**${score} %**: ${whole(killed)} of ${whole(mutants)} are killed by the tests, ${survived} survived, ${explained} are explained beside the code. By file: [mutation.md](mutation.md).`,
  ];
}

function soakPart(measured: Results['soak']): string[] {
  if (measured === undefined) return [];
  const { figures } = measured;
  return [
    '',
    '### Killed for real',
    '',
    on(measured.machine),
    '',
    'A message that kills have struck five times ends in its dead-letter queue, where `salvor redrive` shows it and `--go` sends it back; its incident goes on by the sweep.',
    '',
    '| | |',
    '| --- | --- |',
    `| kills survived (SIGKILL) | ${whole(figures.kills)} |`,
    `| recoveries, instances recovered | ${whole(figures.recoveries)}, ${whole(figures.instancesRecovered)} |`,
    `| events accepted | ${whole(figures.eventsAccepted)} |`,
    `| events lost | ${figures.eventsLost} |`,
    `| double evacuations | ${figures.doubleEvacuations} |`,
    `| evacuations without proof | ${figures.evacuationsWithoutProof} |`,
    `| audit records, all in whole chains | ${whole(figures.auditRecords)} |`,
    `| what else was found | ${figures.broken.join('; ') || 'nothing'} |`,
  ];
}
