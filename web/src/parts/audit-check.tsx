import { Button, Text, Title } from '@mantine/core';
import { useQuery } from '@tanstack/react-query';
import { verification } from '../looking.ts';
import { Asked } from './asked.tsx';
import { Marked } from './level.tsx';

/** Whether the audit log is whole: every record is read for it, so that somebody has to ask. */
export function AuditCheck() {
  const told = useQuery({ queryKey: ['verification'], queryFn: verification, enabled: false, retry: false });
  return (
    <section aria-labelledby="audit">
      <Title order={3} size="h4" id="audit" mb="xs">
        Audit log
      </Title>
      <Text size="sm" mb="xs">
        Reads every record, and finds what was altered, left out, put in or reordered. What was cut off together with
        the state shows by signed checkpoints only: &quot;salvor audit verify --checkpoints&quot;.
      </Text>
      <Button variant="default" onClick={() => void told.refetch()} loading={told.isFetching} mb="sm">
        Verify the whole log
      </Button>
      {(told.data !== undefined || told.isError) && (
        <div aria-live="polite">
          <Asked of={told}>
            {({ findings, records, streams, hosts, incidents }) => (
              <>
                <Marked level={findings.length === 0 ? 'well' : 'trouble'}>
                  {findings.length === 0 ? 'The log is whole' : `THE LOG IS BROKEN: ${findings.length} faults`}:{' '}
                  {records} records in {streams} streams, of {hosts} hosts and {incidents} incidents.
                </Marked>
                <ul className="findings">
                  {findings.map(({ stream, seq, what }) => (
                    <li key={`${stream} ${seq} ${what}`}>
                      <code>{stream}</code>
                      {seq !== null && ` record ${seq}`}: {what}
                    </li>
                  ))}
                </ul>
              </>
            )}
          </Asked>
        </div>
      )}
    </section>
  );
}
