import { Table, Text, Title } from '@mantine/core';
import type { Loss } from '#shared/domain/forecast/capacity.ts';
import type { CapacityView } from '../looking.ts';
import { lasting } from '../words.ts';
import { Marked } from './level.tsx';
import { Scrolls } from './scrolls.tsx';

/** Of each segment, whether it could lose one host, or two. */
export function Capacity({ capacity: { listedAtMs, segments } }: { readonly capacity: CapacityView }) {
  return (
    <section aria-labelledby="capacity">
      <Title order={3} size="h4" id="capacity">
        What each segment could lose
      </Title>
      {listedAtMs === null ? (
        <Text size="sm">
          Not all instances are listed yet: salvor comes round to every host within forecast.everySeconds of the policy.
        </Text>
      ) : (
        <>
          <Text size="sm" c="dimmed" mb="xs">
            By memory, vCPUs, server groups, zones and storage, as listed {lasting(Date.now() - listedAtMs)} ago.
          </Text>
          <Scrolls label="Capacity of each segment">
            <Table className="rows" miw={820} aria-label="Capacity">
              <Table.Thead>
                <Table.Tr>
                  <Table.Th>Segment</Table.Th>
                  <Table.Th className="number">Hosts</Table.Th>
                  <Table.Th className="number">Instances</Table.Th>
                  <Table.Th>Any one host (N+1)</Table.Th>
                  <Table.Th>Any two hosts (N+2)</Table.Th>
                  <Table.Th>Largest instance</Table.Th>
                </Table.Tr>
              </Table.Thead>
              <Table.Tbody>
                {segments.map(({ segment, hosts, instances, one, two, largest }) => (
                  <Table.Tr key={segment}>
                    <Table.Th scope="row">{segment}</Table.Th>
                    <Table.Td className="number">{hosts}</Table.Td>
                    <Table.Td className="number">{instances}</Table.Td>
                    <Table.Td>
                      <LossTold loss={one} level="trouble" />
                    </Table.Td>
                    <Table.Td>
                      <LossTold loss={two} level="note" />
                    </Table.Td>
                    <Table.Td>
                      {largest === null
                        ? '–'
                        : `${largest.name}, ${gigabytes(largest.memoryMb)}: fits on ${largest.fitsOn} others`}
                    </Table.Td>
                  </Table.Tr>
                ))}
              </Table.Tbody>
            </Table>
          </Scrolls>
        </>
      )}
    </section>
  );
}

function LossTold({
  loss: { survives, worst, planned, of },
  level,
}: {
  readonly loss: Loss;
  readonly level: 'note' | 'trouble';
}) {
  if (worst === null) return survives ? <Marked level="well">room for all</Marked> : '–';
  const looked = planned < of ? `, by ${planned} of ${of}` : '';
  return (
    <Marked level={level}>
      NO ROOM for {worst.without} ({gigabytes(worst.memoryMb)}) of {worst.hosts.join(' and ')}
      {looked}
    </Marked>
  );
}

const gigabytes = (mb: number): string => (mb < 10_240 ? `${mb} MB` : `${Math.round(mb / 1024)} GB`);
