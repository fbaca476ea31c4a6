import { Accordion, Alert, Group, List, Stack, Table, Text, Title } from '@mantine/core';
import { useQuery } from '@tanstack/react-query';
import { lazy, Suspense, useState } from 'react';
import { type IncidentTold, incident } from '../api.ts';
import { useLive, useServerTime } from '../live.ts';
import { IncidentActions } from '../parts/actions.tsx';
import { Course } from '../parts/course.tsx';
import { First } from '../parts/first.tsx';
import { InstanceTable, type Stretch } from '../parts/instances.tsx';
import { Loading } from '../parts/loading.tsx';
import { Records, useAudit } from '../parts/records.tsx';
import { State } from '../parts/state.tsx';
import { Steps } from '../parts/steps.tsx';
import { Wide } from '../parts/wide.tsx';
import { DOES, date, lasting, OUTCOME } from '../words.ts';

const Replay = lazy(async () => ({ default: (await import('../parts/replay.tsx')).Replay }));

/** Rows that are drawn at first. */
const MOST = 50;

/** One incident from its first report to its last instance. */
export function IncidentPage({ id }: { readonly id: string }) {
  const { now } = useLive();
  const told = useQuery({
    queryKey: ['incident', id, now?.atMs],
    queryFn: () => incident(id),
    placeholderData: (old) => old,
  });
  if (told.isError)
    return (
      <Alert color="red" role="alert">
        {told.error.message}
      </Alert>
    );
  if (told.data === undefined) return <Loading />;
  return <Told {...told.data} />;
}

function Told({ entry, status, gates, proof, records, instances }: IncidentTold) {
  const nowMs = useServerTime();
  const scale = { fromMs: records[0]?.atMs ?? entry.openedAtMs, untilMs: entry.closedAtMs ?? nowMs };
  const news = records.filter((each) => each.told !== null);
  const closed = gates.filter(({ open, released }) => !open && released === undefined);
  return (
    <Stack gap="lg">
      <div>
        <Group justify="space-between">
          <Title order={2}>
            {entry.host}: {entry.outcome ?? status}
          </Title>
          {status !== null && (
            <IncidentActions id={entry.id} host={entry.host} hostKey={entry.hostKey} status={status} />
          )}
        </Group>
        <Text>
          {entry.outcome !== null && <State look={OUTCOME[entry.outcome]}>{entry.outcome}</State>} Opened{' '}
          {date(entry.openedAtMs)} UTC,{' '}
          {entry.closedAtMs === null
            ? `open for ${lasting(nowMs - entry.openedAtMs)}`
            : `ended after ${lasting(entry.closedAtMs - entry.openedAtMs)}`}
          : {entry.because}.
        </Text>
        {status !== null && (
          <>
            <Steps at={DOES[status].step} isStuck={status === 'held' || status === 'stopped'} />
            <Text>{DOES[status].does}</Text>
          </>
        )}
      </div>
      <Course records={records} {...scale} />
      <section aria-labelledby="instances">
        <Title order={3} id="instances" mb="xs">
          Instances
        </Title>
        {instances.length === 0 ? (
          <Text>None is planned yet.</Text>
        ) : (
          <First of={instances} most={MOST} label={`Show all ${instances.length} instances`}>
            {(shown) => (
              <InstanceTable instances={shown} scale={scale} stretches={stretchesOf(records, scale.untilMs)} />
            )}
          </First>
        )}
      </section>
      <Accordion multiple variant="separated" order={3} defaultValue={closed.length > 0 ? ['gates'] : []}>
        <Accordion.Item value="gates">
          <Accordion.Control>
            Gates: {gates.length - closed.length} open, {closed.length} closed
          </Accordion.Control>
          <Accordion.Panel>
            <Gates gates={gates} />
          </Accordion.Panel>
        </Accordion.Item>
        <Accordion.Item value="proof">
          <Accordion.Control>Proof that it is off: {proof === null ? 'none' : proof.kind}</Accordion.Control>
          <Accordion.Panel>
            {proof === null ? (
              'Without one nothing is evacuated.'
            ) : (
              <List>
                <List.Item>{proof.detail}</List.Item>
                <List.Item>off since {date(proof.offSinceMs)} UTC</List.Item>
                <List.Item>read at {date(proof.readAtMs)} UTC</List.Item>
                {proof.systemUuid !== null && <List.Item>system {proof.systemUuid}</List.Item>}
              </List>
            )}
          </Accordion.Panel>
        </Accordion.Item>
        <ReplayItem id={entry.id} openedAtMs={entry.openedAtMs} />
      </Accordion>
      <section aria-labelledby="records">
        <Title order={3} id="records" mb="xs">
          What happened
        </Title>
        <Verified id={entry.id} />
        <First of={news} most={MOST} label={`Show all ${news.length} records`}>
          {(shown) => <Records id={entry.id} records={shown} />}
        </First>
      </section>
    </Stack>
  );
}

function Gates({ gates }: Pick<IncidentTold, 'gates'>) {
  if (gates.length === 0) return 'None was asked yet.';
  return (
    <Wide label="Gates, a table">
      <Table aria-label="Gates" miw={560}>
        <Table.Tbody>
          {gates.map(({ gate, open, because, released }) => (
            <Table.Tr key={gate}>
              <Table.Td>
                <State
                  look={
                    open
                      ? { colour: 'teal', sign: '✓' }
                      : { colour: released === undefined ? 'red' : 'orange', sign: '‖' }
                  }
                >
                  {open ? 'open' : released === undefined ? 'closed' : 'released'}
                </State>
              </Table.Td>
              <Table.Th scope="row">{gate}</Table.Th>
              <Table.Td>
                {because}
                {released !== undefined && ` (${released})`}
              </Table.Td>
            </Table.Tr>
          ))}
        </Table.Tbody>
      </Table>
    </Wide>
  );
}

function ReplayItem({ id, openedAtMs }: { readonly id: string; readonly openedAtMs: number }) {
  const [wasOpened, setOpened] = useState(false);
  return (
    <Accordion.Item value="replay">
      <Accordion.Control onClick={() => setOpened(true)}>Replay under another policy</Accordion.Control>
      <Accordion.Panel>
        {wasOpened && (
          <Suspense fallback={<Loading />}>
            <Replay id={id} openedAtMs={openedAtMs} />
          </Suspense>
        )}
      </Accordion.Panel>
    </Accordion.Item>
  );
}

/** Whether its log is whole, as it was checked when the page was opened. */
function Verified({ id }: { readonly id: string }) {
  const audit = useAudit(id);
  if (audit.isError) return <Alert color="red">{audit.error.message}</Alert>;
  if (audit.data === undefined) return <Text size="sm">The log is being checked …</Text>;
  const { findings, streams, checked } = audit.data;
  if (findings.length === 0)
    return (
      <p className="counts">
        <State look={{ colour: 'teal', sign: '✓' }}>The audit log is whole</State>
        <Text span size="sm">
          {checked} records of {streams} streams were checked against each other and the state.
        </Text>
      </p>
    );
  return (
    <Alert color="red" role="alert" title="✗ The audit log is broken">
      <List>
        {findings.map(({ stream, seq, what }) => (
          <List.Item key={`${stream} ${seq} ${what}`}>
            {stream}
            {seq !== null && `, record ${seq}`}: {what}
          </List.Item>
        ))}
      </List>
    </Alert>
  );
}

/** From the first request for an instance to its end, by the instance's id. */
function stretchesOf(records: IncidentTold['records'], nowMs: number): ReadonlyMap<string, Stretch> {
  const stretches = new Map<string, Stretch>();
  for (const { stream, type, atMs } of records) {
    const [kind, , instanceId = ''] = stream.split('#');
    if (kind !== 'task') continue;
    const before = stretches.get(instanceId);
    if (before === undefined && type === 'evacuate-intended')
      stretches.set(instanceId, { fromMs: atMs, untilMs: nowMs });
    if (before !== undefined && type === 'task-ended') stretches.set(instanceId, { ...before, untilMs: atMs });
  }
  return stretches;
}
