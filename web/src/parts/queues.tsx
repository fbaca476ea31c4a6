import { Table, Text, Title } from '@mantine/core';
import type { QueueLook } from '#shared/ports.ts';
import { lasting } from '../words.ts';
import { Marked } from './level.tsx';
import { Scrolls } from './scrolls.tsx';

/** Each queue: what waits in it, for how long, and what failed too often. */
export function QueueTable({ queues, atMs }: { readonly queues: readonly QueueLook[] | null; readonly atMs: number }) {
  return (
    <section aria-labelledby="queues">
      <Title order={3} size="h4" id="queues">
        Queues
      </Title>
      {queues === null ? (
        <Text size="sm">This server can not look at them: &quot;salvor doctor&quot; does.</Text>
      ) : (
        <Scrolls label="Queues by name">
          <Table className="rows" miw={620} aria-label="Queues">
            <Table.Thead>
              <Table.Tr>
                <Table.Th>Queue</Table.Th>
                <Table.Th className="number">Waiting</Table.Th>
                <Table.Th className="number">Oldest</Table.Th>
                <Table.Th className="number">Delayed</Table.Th>
                <Table.Th className="number">In work</Table.Th>
                <Table.Th>Dead letters</Table.Th>
              </Table.Tr>
            </Table.Thead>
            <Table.Tbody>
              {queues.map(({ name, waiting, delayed, inFlight, deadLetters, oldestAtMs }) => (
                <Table.Tr key={name}>
                  <Table.Th scope="row">{name}</Table.Th>
                  <Table.Td className="number">{waiting}</Table.Td>
                  <Table.Td className="number">
                    {oldestAtMs === null ? (waiting === 0 ? '–' : 'not told') : lasting(atMs - oldestAtMs)}
                  </Table.Td>
                  <Table.Td className="number">{delayed}</Table.Td>
                  <Table.Td className="number">{inFlight}</Table.Td>
                  <Table.Td>{deadLetters === 0 ? 'none' : <Marked level="trouble">{deadLetters}</Marked>}</Table.Td>
                </Table.Tr>
              ))}
            </Table.Tbody>
          </Table>
        </Scrolls>
      )}
    </section>
  );
}
