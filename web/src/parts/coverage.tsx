import { Anchor, Checkbox, Group, Table, Text, TextInput, Title } from '@mantine/core';
import { useDeferredValue, useState } from 'react';
import { Link } from 'wouter';
import type { Coverage } from '../looking.ts';
import { Marked } from './level.tsx';
import { Scrolls } from './scrolls.tsx';

/** As many rows are drawn. */
const MOST = 200;

const isShort = ({ heard, required }: Coverage): boolean => heard.length < required;

/** Of each protected host, whom salvor has heard. */
export function CoverageTable({ coverage }: { readonly coverage: readonly Coverage[] }) {
  const [wanted, setWanted] = useState('');
  const [onlyShort, setOnlyShort] = useState(false);
  const text = useDeferredValue(wanted);
  const short = coverage.filter(isShort).length;
  const found = coverage.filter((each) => each.host.includes(text) && (!onlyShort || isShort(each)));
  return (
    <section aria-labelledby="coverage">
      <Title order={3} size="h4" id="coverage">
        Of which hosts
      </Title>
      <Text size="sm" mb="xs">
        {short === 0
          ? 'Of every protected host as many were heard as must agree before it is fenced.'
          : `Of ${short} of ${coverage.length} protected hosts fewer were heard than must agree before it is fenced.`}{' '}
        Who only speaks when a host fails is not heard before.
      </Text>
      <Group align="flex-end" mb="xs">
        <TextInput label="Host" value={wanted} onChange={(event) => setWanted(event.currentTarget.value)} w={280} />
        <Checkbox
          label="Only those with too few"
          checked={onlyShort}
          onChange={(event) => setOnlyShort(event.currentTarget.checked)}
          pb={8}
        />
      </Group>
      <Text size="sm" role="status">
        {found.length} {found.length === 1 ? 'host' : 'hosts'}
        {found.length > MOST && `, of which the first ${MOST} are shown`}
      </Text>
      <Scrolls label="Hosts by name">
        <Table striped className="rows" miw={620} aria-label="Coverage">
          <Table.Thead>
            <Table.Tr>
              <Table.Th>Host</Table.Th>
              <Table.Th>Segment</Table.Th>
              <Table.Th>Heard of</Table.Th>
              <Table.Th className="number">Heartbeats</Table.Th>
              <Table.Th>Who was heard</Table.Th>
            </Table.Tr>
          </Table.Thead>
          <Table.Tbody>
            {found.slice(0, MOST).map((each) => (
              <Table.Tr key={each.host}>
                <Table.Th scope="row">
                  <Anchor component={Link} href={`/hosts/${encodeURIComponent(each.host)}`} size="sm">
                    {each.host}
                  </Anchor>
                </Table.Th>
                <Table.Td>{each.segment}</Table.Td>
                <Table.Td>
                  <Marked level={!isShort(each) ? 'well' : each.heard.length === 0 ? 'unknown' : 'note'}>
                    {each.heard.length} of {each.required}
                  </Marked>
                </Table.Td>
                <Table.Td className="number">{each.beating}</Table.Td>
                <Table.Td>{each.heard.join(', ') || '–'}</Table.Td>
              </Table.Tr>
            ))}
          </Table.Tbody>
        </Table>
      </Scrolls>
    </section>
  );
}
