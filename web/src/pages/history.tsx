import { Alert, Anchor, Loader, Stack, Table, Title } from '@mantine/core';
import { useQuery } from '@tanstack/react-query';
import { Link } from 'wouter';
import { incidents } from '../api.ts';
import { useLive } from '../live.ts';
import { lasting } from '../words.ts';

/** Every incident, the newest first. */
export function HistoryPage() {
  const { now } = useLive();
  const list = useQuery({ queryKey: ['incidents', now?.atMs], queryFn: incidents, placeholderData: (old) => old });
  if (list.isError) return <Alert color="red">{list.error.message}</Alert>;
  if (list.data === undefined) return <Loader aria-label="Loading" />;
  return (
    <Stack>
      <Title order={2}>History</Title>
      <Table.ScrollContainer minWidth={700}>
        <Table striped aria-label="Incidents">
          <Table.Thead>
            <Table.Tr>
              <Table.Th>Host</Table.Th>
              <Table.Th>Opened</Table.Th>
              <Table.Th>Took</Table.Th>
              <Table.Th>Outcome</Table.Th>
              <Table.Th>Why</Table.Th>
            </Table.Tr>
          </Table.Thead>
          <Table.Tbody>
            {list.data.map(({ id, host, openedAtMs, closedAtMs, outcome, because }) => (
              <Table.Tr key={id}>
                <Table.Td>
                  <Anchor component={Link} href={`/incidents/${id}`}>
                    {host}
                  </Anchor>
                </Table.Td>
                <Table.Td>{new Date(openedAtMs).toISOString()}</Table.Td>
                <Table.Td>{closedAtMs === null ? 'open' : lasting(closedAtMs - openedAtMs)}</Table.Td>
                <Table.Td>{outcome ?? 'open'}</Table.Td>
                <Table.Td>{because}</Table.Td>
              </Table.Tr>
            ))}
          </Table.Tbody>
        </Table>
      </Table.ScrollContainer>
    </Stack>
  );
}
