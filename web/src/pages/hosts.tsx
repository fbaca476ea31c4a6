import { Anchor, Select, Stack, Table, Text, TextInput, Title } from '@mantine/core';
import { useDeferredValue, useState } from 'react';
import { Link } from 'wouter';
import { useLive } from '../live.ts';
import { TILE } from '../words.ts';

/** As many rows are drawn: who looks for one of more narrows it down. */
const MOST = 200;

export function HostsPage() {
  const { now } = useLive();
  const [wanted, setWanted] = useState('');
  const [state, setState] = useState<string | null>(null);
  const text = useDeferredValue(wanted);
  const found = (now?.hosts ?? []).filter(
    (each) => each.host.includes(text) && (state === null || each.state === state),
  );
  return (
    <Stack>
      <Title order={2}>Hosts</Title>
      <TextInput label="Name" value={wanted} onChange={(event) => setWanted(event.currentTarget.value)} maw={400} />
      <Select label="State" data={Object.keys(TILE)} value={state} onChange={setState} clearable maw={400} />
      <Text role="status">
        {found.length} hosts{found.length > MOST && `, of which the first ${MOST} are shown`}
      </Text>
      <Table.ScrollContainer minWidth={600}>
        <Table striped aria-label="Hosts">
          <Table.Thead>
            <Table.Tr>
              <Table.Th>Host</Table.Th>
              <Table.Th>Segment</Table.Th>
              <Table.Th>State</Table.Th>
              <Table.Th>Fencing</Table.Th>
              <Table.Th>Why</Table.Th>
            </Table.Tr>
          </Table.Thead>
          <Table.Tbody>
            {found.slice(0, MOST).map((each) => (
              <Table.Tr key={each.hostKey}>
                <Table.Td>
                  <Anchor component={Link} href={`/hosts/${encodeURIComponent(each.host)}`}>
                    {each.host}
                  </Anchor>
                </Table.Td>
                <Table.Td>{each.segment ?? '–'}</Table.Td>
                <Table.Td>
                  <span aria-hidden="true">{TILE[each.state].sign} </span>
                  {each.state}
                </Table.Td>
                <Table.Td>{each.fence ?? 'not asked yet'}</Table.Td>
                <Table.Td>{each.why.join('; ')}</Table.Td>
              </Table.Tr>
            ))}
          </Table.Tbody>
        </Table>
      </Table.ScrollContainer>
    </Stack>
  );
}
