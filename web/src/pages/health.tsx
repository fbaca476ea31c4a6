import { Stack, Text, Title } from '@mantine/core';
import { useQuery } from '@tanstack/react-query';
import { type Health, health } from '../looking.ts';
import { AreaList } from '../parts/areas.tsx';
import { Asked } from '../parts/asked.tsx';
import { AuditCheck } from '../parts/audit-check.tsx';
import { Findings } from '../parts/findings.tsx';
import { drawnAs } from '../parts/level.tsx';
import { QueueTable } from '../parts/queues.tsx';
import { lasting } from '../words.ts';

/** Who watches the watchman: whether salvor itself could do its work. */
export default function HealthPage() {
  const told = useQuery({ queryKey: ['health'], queryFn: health, refetchInterval: 10_000 });
  return (
    <Stack gap="xl">
      <Title order={2}>Health of salvor</Title>
      <Asked of={told}>
        {(data) => (
          <>
            <Verdict health={data} />
            <AreaList areas={data.areas} atMs={data.atMs} />
            <Findings symptoms={data.symptoms} remedies={data.remedies} />
            <QueueTable queues={data.queues} atMs={data.atMs} />
          </>
        )}
      </Asked>
      <AuditCheck />
    </Stack>
  );
}

function Verdict({ health: { symptoms, hosts, atMs } }: { readonly health: Health }) {
  const troubles = symptoms.filter(({ level }) => level === 'trouble').length;
  const notes = symptoms.length - troubles;
  const level = troubles > 0 ? 'trouble' : notes > 0 ? 'note' : 'well';
  const says =
    troubles === 0
      ? 'Nothing is wrong with salvor'
      : `${troubles} ${troubles === 1 ? 'trouble' : 'troubles'}: somebody should do something`;
  return (
    <div className="verdict" style={drawnAs(level)} role="status">
      <Title order={3} size="h4">
        {says}.
      </Title>
      <Text size="sm" c="dimmed">
        {notes} {notes === 1 ? 'note' : 'notes'}, {hosts} protected hosts; looked at {lasting(Date.now() - atMs)} ago.
        Neither Nova nor a device is asked for this page.
      </Text>
    </div>
  );
}
