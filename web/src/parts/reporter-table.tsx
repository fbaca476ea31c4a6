import { Table, Text, Title } from '@mantine/core';
import type { ReporterRow } from '#shared/domain/reporter-summary.ts';
import { lasting } from '../words.ts';
import { Marked } from './level.tsx';
import { Scrolls } from './scrolls.tsx';

/** Each reporter in a row: of how many hosts it speaks, when it was heard, and what is to be seen in that. */
export function ReporterTable({
  reports,
  unheard,
}: {
  readonly reports: readonly ReporterRow[];
  readonly unheard: readonly string[];
}) {
  const byName = [...Map.groupBy(reports, ({ reporter }) => reporter)];
  return (
    <section aria-labelledby="who">
      <Title order={3} size="h4" id="who" mb="xs">
        Who reports
      </Title>
      {byName.length + unheard.length === 0 ? (
        <Text>Nobody has reported anything.</Text>
      ) : (
        <Scrolls label="Reporters by name">
          <Table className="rows" miw={760} aria-label="Reporters">
            <Table.Thead>
              <Table.Tr>
                <Table.Th>Reporter</Table.Th>
                <Table.Th className="number">Hosts</Table.Th>
                <Table.Th className="number">Heartbeats of</Table.Th>
                <Table.Th>Says down of</Table.Th>
                <Table.Th>Heard last</Table.Th>
                <Table.Th>Remarks</Table.Th>
              </Table.Tr>
            </Table.Thead>
            <Table.Tbody>
              {byName.map(([name, own]) => (
                <ReporterLine key={name} name={name} own={own} />
              ))}
              {unheard.map((name) => (
                <Table.Tr key={name}>
                  <Table.Th scope="row">{name}</Table.Th>
                  <Table.Td colSpan={4}>–</Table.Td>
                  <Table.Td>
                    <Marked level="note">the policy names it, and it has never said anything</Marked>
                  </Table.Td>
                </Table.Tr>
              ))}
            </Table.Tbody>
          </Table>
        </Scrolls>
      )}
    </section>
  );
}

function ReporterLine({ name, own }: { readonly name: string; readonly own: readonly ReporterRow[] }) {
  const hosts = new Set(own.map(({ host }) => host));
  const beats = own.filter(({ says }) => says === 'beats').length;
  const down = own.filter(({ says }) => says === 'down').map(({ host }) => host);
  const heardAtMs = own.reduce((newest, each) => Math.max(newest, each.heardAtMs), 0);
  const remarks = [
    ...Map.groupBy(
      own.flatMap(({ remarks: some, host }) => some.map((text) => ({ text, host }))),
      ({ text }) => text,
    ),
  ];
  return (
    <Table.Tr>
      <Table.Th scope="row">{name}</Table.Th>
      <Table.Td className="number">{hosts.size}</Table.Td>
      <Table.Td className="number">{beats === 0 ? '–' : beats}</Table.Td>
      <Table.Td>{down.length === 0 ? '–' : few(down)}</Table.Td>
      <Table.Td>{lasting(Date.now() - heardAtMs)} ago</Table.Td>
      <Table.Td>
        {remarks.length === 0
          ? '–'
          : remarks.map(([text, of]) => (
              <div key={text}>
                <Marked level={text.startsWith('silent') ? 'trouble' : 'note'}>
                  {text}: {few(of.map(({ host }) => host))}
                </Marked>
              </div>
            ))}
      </Table.Td>
    </Table.Tr>
  );
}

const few = (hosts: readonly string[]): string =>
  hosts.length <= 3 ? hosts.join(', ') : `${hosts.slice(0, 3).join(', ')} and ${hosts.length - 3} more`;
