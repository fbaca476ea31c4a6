import { Accordion, Alert, Badge, Group, List, Loader, Stack, Text, Timeline, Title } from '@mantine/core';
import { useQuery } from '@tanstack/react-query';
import { incident } from '../api.ts';
import { useLive } from '../live.ts';
import { IncidentActions } from '../parts/actions.tsx';
import { InstanceTable } from '../parts/instances.tsx';
import { Scale } from '../parts/scale.tsx';
import { clock } from '../words.ts';

const COLOUR = {
  report: 'gray',
  decision: 'blue',
  action: 'yellow',
  proof: 'grape',
  trouble: 'red',
  good: 'teal',
} as const;

/** One incident from its first report to its last instance. */
export function IncidentPage({ id }: { readonly id: string }) {
  const { now } = useLive();
  const told = useQuery({
    queryKey: ['incident', id, now?.atMs],
    queryFn: () => incident(id),
    placeholderData: (old) => old,
  });
  if (told.isError) return <Alert color="red">{told.error.message}</Alert>;
  if (told.data === undefined) return <Loader aria-label="Loading" />;
  const { entry, status, gates, proof, records, instances, faults } = told.data;
  const news = records.flatMap(({ told: line, ...record }) => (line === null ? [] : [{ ...record, ...line }]));
  return (
    <Stack>
      <Group justify="space-between">
        <Title order={2}>
          {entry.host}: {entry.outcome ?? status}
        </Title>
        {status !== null && <IncidentActions id={entry.id} host={entry.host} hostKey={entry.hostKey} status={status} />}
      </Group>
      <Text>{entry.because}</Text>
      <Scale
        records={news}
        fromMs={records[0]?.atMs ?? entry.openedAtMs}
        untilMs={entry.closedAtMs ?? now?.atMs ?? Date.now()}
      />
      <Accordion multiple variant="separated" order={3}>
        <Accordion.Item value="gates">
          <Accordion.Control>Gates ({gates.length})</Accordion.Control>
          <Accordion.Panel>
            <List>
              {gates.map(({ gate, open, because, released }) => (
                <List.Item key={gate}>
                  <b>{open ? 'open' : released === undefined ? 'CLOSED' : 'released'}</b> {gate}: {because}
                </List.Item>
              ))}
            </List>
          </Accordion.Panel>
        </Accordion.Item>
        <Accordion.Item value="proof">
          <Accordion.Control>Proof that it is off</Accordion.Control>
          <Accordion.Panel>
            {proof === null
              ? 'There is none.'
              : `${proof.kind}: ${proof.detail}, off since ${new Date(proof.offSinceMs).toISOString()}`}
          </Accordion.Panel>
        </Accordion.Item>
      </Accordion>
      <Title order={3}>Instances</Title>
      <InstanceTable instances={instances} />
      <Title order={3}>What happened</Title>
      <Timeline bulletSize={12} lineWidth={2}>
        {news.map(({ stream, seq, atMs, mark, text }) => (
          <Timeline.Item key={`${stream} ${seq}`} color={COLOUR[mark]}>
            <Text size="sm">
              <Text span c="dimmed" size="sm">
                {clock(atMs)}
              </Text>{' '}
              {text}
            </Text>
          </Timeline.Item>
        ))}
      </Timeline>
      <Text size="sm">
        <Badge color={faults.length === 0 ? 'teal' : 'red'} variant="light" autoContrast className="sentence">
          {faults.length === 0 ? 'The audit log is whole' : 'THE AUDIT LOG IS BROKEN'}
        </Badge>{' '}
        {records.length} records. {faults.join('; ')}
      </Text>
    </Stack>
  );
}
