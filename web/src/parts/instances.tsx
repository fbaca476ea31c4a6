import { Badge, Progress, Table, Text } from '@mantine/core';
import type { InstanceRow, OpenNow, Phase } from '#shared/domain/now/progress.ts';
import { clock, PHASE } from '../words.ts';

/** How far the instances are, as one bar with a part for each phase. */
export function InstanceBar({ counts, total }: Pick<OpenNow, 'counts' | 'total'>) {
  const parts = Object.entries(counts) as readonly (readonly [Phase, number])[];
  const words = parts.map(([phase, count]) => `${count} ${phase}`).join(', ');
  if (total === 0) return <Text size="sm">Its instances are not planned yet.</Text>;
  return (
    <div>
      <Progress.Root size="lg" aria-label={`${total} instances: ${words}`} role="img">
        {parts.map(([phase, count]) => (
          <Progress.Section key={phase} value={(100 * count) / total} color={PHASE[phase]} withAria={false} />
        ))}
      </Progress.Root>
      <Text size="sm" mt={4}>
        {words}
      </Text>
    </div>
  );
}

/** Each instance in a row. */
export function InstanceTable({ instances }: { readonly instances: readonly InstanceRow[] }) {
  return (
    <Table.ScrollContainer minWidth={600}>
      <Table striped aria-label="Instances">
        <Table.Thead>
          <Table.Tr>
            <Table.Th>Instance</Table.Th>
            <Table.Th>State</Table.Th>
            <Table.Th>Destination</Table.Th>
            <Table.Th>Attempts</Table.Th>
            <Table.Th>Ended</Table.Th>
            <Table.Th>Why</Table.Th>
          </Table.Tr>
        </Table.Thead>
        <Table.Tbody>
          {instances.map(({ instanceId, name, phase, destination, attempts, endedAtMs, why }) => (
            <Table.Tr key={instanceId}>
              <Table.Td title={instanceId}>{name}</Table.Td>
              <Table.Td>
                <Badge color={PHASE[phase]} variant="light" autoContrast className="sentence">
                  {phase}
                </Badge>
              </Table.Td>
              <Table.Td>{destination ?? '–'}</Table.Td>
              <Table.Td>{attempts}</Table.Td>
              <Table.Td>{endedAtMs === null ? '–' : clock(endedAtMs)}</Table.Td>
              <Table.Td>{why}</Table.Td>
            </Table.Tr>
          ))}
        </Table.Tbody>
      </Table>
    </Table.ScrollContainer>
  );
}
