import { Alert, Anchor, Button, Group, Select, Stack, Table, Text, TextInput, Title } from '@mantine/core';
import { useMutation, useQuery } from '@tanstack/react-query';
import { lazy, Suspense, useDeferredValue, useMemo, useState } from 'react';
import { Link } from 'wouter';
import { type HistoryFilter, history, historyTable, type PastIncident } from '../api.ts';
import { useLive } from '../live.ts';
import { Loading } from '../parts/loading.tsx';
import { State } from '../parts/state.tsx';
import { Wide } from '../parts/wide.tsx';
import { date, lasting, many, OUTCOME } from '../words.ts';

const Trend = lazy(async () => ({ default: (await import('../parts/trend.tsx')).Trend }));

const DAY_MS = 86_400_000;
const PERIODS = [
  { value: '7', label: 'the last 7 days' },
  { value: '30', label: 'the last 30 days' },
  { value: '90', label: 'the last 90 days' },
  { value: '365', label: 'the last year' },
  { value: '', label: 'all' },
];
const OUTCOMES = [...Object.keys(OUTCOME), 'open'];
const OPEN = { colour: 'blue', sign: '⟳' } as const;

/** Every incident with what it took, the newest first. */
export function HistoryPage() {
  const { now } = useLive();
  const [days, setDays] = useState('30');
  const [host, setHost] = useState('');
  const [segment, setSegment] = useState<string | null>(null);
  const [outcome, setOutcome] = useState<string | null>(null);
  const sinceMs = useMemo(() => (days === '' ? 0 : Date.now() - Number(days) * DAY_MS), [days]);
  const filter: HistoryFilter = {
    sinceMs,
    host: useDeferredValue(host.trim()),
    segment: segment ?? undefined,
    outcome: (outcome ?? undefined) as HistoryFilter['outcome'],
  };
  // Another incident, or another state of one: not every instance that has moved on.
  const seen = now?.incidents.map(({ id, status }) => `${id} ${status}`).join();
  const list = useQuery({
    queryKey: ['history', filter, seen, now?.ended[0]?.id],
    queryFn: () => history(filter),
    placeholderData: (old) => old,
  });
  return (
    <Stack>
      <Title order={2}>History</Title>
      <Group align="end">
        <Select
          label="Opened within"
          data={PERIODS}
          value={days}
          onChange={(value) => setDays(value ?? '')}
          allowDeselect={false}
        />
        <TextInput label="Host" value={host} onChange={(event) => setHost(event.currentTarget.value)} />
        <Select
          label="Segment"
          placeholder="any"
          data={now?.segments.map(({ segment: name }) => name) ?? []}
          value={segment}
          onChange={setSegment}
          clearable
        />
        <Select label="Outcome" placeholder="any" data={OUTCOMES} value={outcome} onChange={setOutcome} clearable />
      </Group>
      {list.isError && (
        <Alert color="red" role="alert">
          {list.error.message}
        </Alert>
      )}
      {list.data === undefined ? !list.isError && <Loading /> : <Past list={list.data} filter={filter} />}
    </Stack>
  );
}

function Past({ list, filter }: { readonly list: readonly PastIncident[]; readonly filter: HistoryFilter }) {
  const points = useMemo(
    () => list.map(({ openedAtMs, took }) => ({ atMs: openedAtMs, ...took })).toReversed(),
    [list],
  );
  const times = points.flatMap(({ lastBackMs }) => lastBackMs ?? []).sort((a, b) => a - b);
  const longest = Math.max(1, ...times);
  return (
    <>
      <Group justify="space-between">
        <Text role="status">
          {many(list.length, 'incident')}
          {times.length > 0 &&
            `, in ${times.length} of which instances came back: the last of them after ${lasting(at(times, 0.5))} in the median, ${lasting(at(times, 0.9))} in nine of ten, ${lasting(longest)} at worst`}
          .
        </Text>
        <Group gap="xs">
          <Export label="Export CSV" name="salvor-incidents.csv" make={() => historyTable(filter)} />
          <Export
            label="Export JSON"
            name="salvor-incidents.json"
            make={async () => new Blob([JSON.stringify(list, null, 2)], { type: 'application/json' })}
          />
        </Group>
      </Group>
      {times.length > 0 && (
        <Suspense fallback={<Loading />}>
          <Trend points={points} />
        </Suspense>
      )}
      <Wide label="Incidents, a table">
        <Table striped aria-label="Incidents" miw={860}>
          <Table.Thead>
            <Table.Tr>
              <Table.Th>Host</Table.Th>
              <Table.Th>Opened (UTC)</Table.Th>
              <Table.Th>Outcome</Table.Th>
              <Table.Th>Proven off</Table.Th>
              <Table.Th>First back</Table.Th>
              <Table.Th w="20%">All back (RTO)</Table.Th>
              <Table.Th>Ended</Table.Th>
              <Table.Th>Why</Table.Th>
            </Table.Tr>
          </Table.Thead>
          <Table.Tbody>
            {list.map((each) => (
              <Line key={each.id} incident={each} longestMs={longest} />
            ))}
          </Table.Tbody>
        </Table>
      </Wide>
    </>
  );
}

/** The smallest that so many of them, a part of 1, do not exceed. */
const at = (sorted: readonly number[], part: number): number => sorted[Math.ceil(part * sorted.length) - 1] ?? 0;

const after = (ms: number | null): string => (ms === null ? '–' : lasting(ms));

function Line({ incident, longestMs }: { readonly incident: PastIncident; readonly longestMs: number }) {
  const { id, host, openedAtMs, closedAtMs, outcome, because, took } = incident;
  return (
    <Table.Tr>
      <Table.Th scope="row" fw={400}>
        <Anchor component={Link} href={`/incidents/${id}`}>
          {host}
        </Anchor>
      </Table.Th>
      <Table.Td>{date(openedAtMs)}</Table.Td>
      <Table.Td>
        <State look={outcome === null ? OPEN : OUTCOME[outcome]}>{outcome ?? 'open'}</State>
      </Table.Td>
      <Table.Td>{after(took.fencedMs)}</Table.Td>
      <Table.Td>{after(took.firstBackMs)}</Table.Td>
      <Table.Td>
        {took.lastBackMs === null ? (
          '–'
        ) : (
          <div className="stretch">
            <div className="stretch-bar stretch-time" style={{ width: `${(100 * took.lastBackMs) / longestMs}%` }} />
            <span className="stretch-words">{lasting(took.lastBackMs)}</span>
          </div>
        )}
      </Table.Td>
      <Table.Td>{closedAtMs === null ? 'open' : lasting(closedAtMs - openedAtMs)}</Table.Td>
      <Table.Td>{because}</Table.Td>
    </Table.Tr>
  );
}

interface ExportProps {
  readonly label: string;
  readonly name: string;
  readonly make: () => Promise<Blob>;
}

/** What is asked for, as a file. */
function Export({ label, name, make }: ExportProps) {
  const made = useMutation({
    mutationFn: async () => {
      const link = document.createElement('a');
      link.href = URL.createObjectURL(await make());
      link.download = name;
      link.click();
      URL.revokeObjectURL(link.href);
    },
  });
  return (
    <Button variant="default" size="compact-md" loading={made.isPending} onClick={() => made.mutate()}>
      {made.isError ? `${label}: ${made.error.message}` : label}
    </Button>
  );
}
