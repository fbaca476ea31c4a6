import { Alert, Code } from '@mantine/core';
import { useQuery } from '@tanstack/react-query';
import { useState } from 'react';
import { auditOf, type IncidentTold } from '../api.ts';
import { clock, MARK } from '../words.ts';
import { Loading } from './loading.tsx';
import { State } from './state.tsx';

/** Each record in a line; open, it shows itself as it is kept, with every number. */
export function Records({ id, records }: { readonly id: string; readonly records: IncidentTold['records'] }) {
  return (
    <ol className="records" aria-label="Records">
      {records.map(({ stream, seq, atMs, type, about, told }) => (
        <li key={`${stream} ${seq}`}>
          <Entry id={id} stream={stream} seq={seq} atMs={atMs} look={told?.mark ?? 'decision'}>
            {told?.text ?? `${about}: ${type}`}
          </Entry>
        </li>
      ))}
    </ol>
  );
}

interface EntryProps {
  readonly id: string;
  readonly stream: string;
  readonly seq: number;
  readonly atMs: number;
  readonly look: keyof typeof MARK;
  readonly children: string;
}

function Entry({ id, stream, seq, atMs, look, children }: EntryProps) {
  const [isOpen, setOpen] = useState(false);
  return (
    <details onToggle={(event) => setOpen(event.currentTarget.open)}>
      <summary>
        <time dateTime={new Date(atMs).toISOString()}>{clock(atMs)}</time>
        <State look={MARK[look]}>{''}</State>
        <span>{children}</span>
      </summary>
      {isOpen && <AsKept id={id} stream={stream} seq={seq} />}
    </details>
  );
}

/** The log is asked for once, when the first record is opened. */
function AsKept({ id, stream, seq }: Pick<EntryProps, 'id' | 'stream' | 'seq'>) {
  const audit = useAudit(id);
  if (audit.isError) return <Alert color="red">{audit.error.message}</Alert>;
  const record = audit.data?.records.find((each) => each.stream === stream && each.seq === seq);
  if (record === undefined) return <Loading />;
  return <Code block>{JSON.stringify(record, null, 2)}</Code>;
}

/** A record never changes: what is there is not asked for again. */
export const useAudit = (id: string) =>
  useQuery({ queryKey: ['audit', id], queryFn: () => auditOf(id), staleTime: 10_000 });
