import { Anchor, Group, Select, Stack, Table, Text, TextInput, Title } from '@mantine/core';
import { useQuery } from '@tanstack/react-query';
import { type ReactNode, useDeferredValue, useState } from 'react';
import { Link } from 'wouter';
import type { Tile } from '#shared/domain/now/tile.ts';
import { type HostRow, hosts } from '../api.ts';
import { useLive, useServerTime } from '../live.ts';
import { State } from '../parts/state.tsx';
import { Wide } from '../parts/wide.tsx';
import { FENCE, lasting, many, TILE } from '../words.ts';

/** As many rows are drawn: who looks for one of more narrows it down. */
const MOST = 200;
/** What does not come with every change. */
const AGAIN_MS = 15_000;

type Row = Tile & { readonly more: HostRow | undefined };

const order = Object.keys(TILE);
/** By what a column is sorted; what is out of the ordinary comes first where it is not a name. */
const SORTS = {
  Host: (a: Row, b: Row) => a.host.localeCompare(b.host, 'en', { numeric: true }),
  Segment: (a: Row, b: Row) => (a.segment ?? '~').localeCompare(b.segment ?? '~', 'en', { numeric: true }),
  State: (a: Row, b: Row) => order.indexOf(b.state) - order.indexOf(a.state),
  Reporters: (a: Row, b: Row) => downOf(b) - downOf(a),
  Heartbeat: (a: Row, b: Row) => (a.more?.heartbeatAtMs ?? Infinity) - (b.more?.heartbeatAtMs ?? Infinity),
  Fencing: (a: Row, b: Row) => RANK[a.fence ?? 'unknown'] - RANK[b.fence ?? 'unknown'],
} as const;
const RANK = { 'not-ready': 0, degraded: 1, unknown: 2, 'not-asked': 3, ready: 4 } as const;
const downOf = ({ more }: Row): number => more?.reporters.filter(({ says }) => says === 'down').length ?? 0;
type Column = keyof typeof SORTS;

/** Every host: its state, who reports it, its last heartbeat, and whether it could be fenced. */
export function HostsPage() {
  const { now } = useLive();
  const [wanted, setWanted] = useState('');
  const [state, setState] = useState<string | null>(null);
  const [fence, setFence] = useState<string | null>(null);
  const [by, setBy] = useState<{ readonly column: Column; readonly back: boolean }>({ column: 'State', back: false });
  const text = useDeferredValue(wanted.trim().toLowerCase());
  const all = useQuery({ queryKey: ['hosts'], queryFn: hosts, refetchInterval: AGAIN_MS });
  const more = new Map(all.data?.map((each) => [each.hostKey, each]));
  const found = (now?.hosts ?? [])
    .filter(
      (each) =>
        `${each.host} ${each.segment ?? ''} ${each.zone}`.toLowerCase().includes(text) &&
        (state === null || each.state === state) &&
        (fence === null || (each.fence ?? 'unknown') === fence),
    )
    .map((each): Row => ({ ...each, more: more.get(each.hostKey) }))
    .sort((a, b) => (by.back ? -1 : 1) * SORTS[by.column](a, b) || SORTS.Host(a, b));
  const incidents = new Map(now?.incidents.map(({ hostKey, id }) => [hostKey, id]));
  const sortBy = (column: Column) => setBy({ column, back: by.column === column && !by.back });
  return (
    <Stack>
      <Title order={2}>Hosts</Title>
      <Group align="end">
        <TextInput
          label="Name, segment or zone"
          value={wanted}
          onChange={(event) => setWanted(event.currentTarget.value)}
        />
        <Select label="State" placeholder="any" data={order} value={state} onChange={setState} clearable />
        <Select
          label="Fencing"
          placeholder="any"
          data={Object.entries(FENCE).map(([value, { says: label }]) => ({ value, label }))}
          value={fence}
          onChange={setFence}
          clearable
        />
      </Group>
      <Text role="status">
        {many(found.length, 'host')}
        {found.length > MOST && `, of which the first ${MOST} are shown`}
      </Text>
      <Wide label="Hosts, a table">
        <Table striped aria-label="Hosts" miw={900}>
          <Table.Thead>
            <Table.Tr>
              {(Object.keys(SORTS) as Column[]).map((column) => (
                <Table.Th
                  key={column}
                  {...(by.column === column && { 'aria-sort': by.back ? 'descending' : 'ascending' })}
                >
                  <button type="button" className="sort" onClick={() => sortBy(column)}>
                    {column}
                    <span aria-hidden="true">{by.column === column ? (by.back ? ' ▾' : ' ▴') : ''}</span>
                  </button>
                </Table.Th>
              ))}
              <Table.Th>Why</Table.Th>
            </Table.Tr>
          </Table.Thead>
          <Table.Tbody>
            {found.slice(0, MOST).map((each) => (
              <HostLine key={each.hostKey} row={each} incident={incidents.get(each.hostKey)} />
            ))}
          </Table.Tbody>
        </Table>
      </Wide>
    </Stack>
  );
}

interface HostLineProps {
  readonly row: Row;
  /** The open one. */
  readonly incident: string | undefined;
}

function HostLine({ row: { host, segment, state, fence, why, more }, incident }: HostLineProps) {
  const { says, ...look } = FENCE[fence ?? 'unknown'];
  const isWell = more?.fence == null || more.fence.state === 'ready';
  return (
    <Table.Tr>
      <Table.Th scope="row" fw={400}>
        <Anchor component={Link} href={`/hosts/${encodeURIComponent(host)}`}>
          {host}
        </Anchor>
      </Table.Th>
      <Table.Td>{segment ?? 'none'}</Table.Td>
      <Table.Td>
        <State look={TILE[state]}>{state}</State>
      </Table.Td>
      <Table.Td>
        <Reporters more={more} />
      </Table.Td>
      <Table.Td>{more?.heartbeatAtMs == null ? 'none' : <Ago atMs={more.heartbeatAtMs} />}</Table.Td>
      <Table.Td>
        <State look={look}>{says}</State>
      </Table.Td>
      <Table.Td>
        {incident === undefined ? (
          [...why, ...(isWell ? [] : [more.fence?.because])].join('; ')
        ) : (
          <Anchor component={Link} href={`/incidents/${incident}`} size="sm">
            its incident
          </Anchor>
        )}
      </Table.Td>
    </Table.Tr>
  );
}

function Reporters({ more }: Pick<Row, 'more'>): ReactNode {
  if (more === undefined) return '…';
  if (more.reporters.length === 0) return 'nobody yet';
  return more.reporters.map(({ name, says, atMs }) => (
    <div key={name}>
      <State look={says === 'down' ? { colour: 'orange', sign: '↓' } : { colour: 'teal', sign: '↑' }}>
        {`${name} says ${says}`}
      </State>
      , <Ago atMs={atMs} />
    </div>
  ));
}

const Ago = ({ atMs }: { readonly atMs: number }) => `${lasting(useServerTime() - atMs)} ago`;
