import { Stack, Text, Title } from '@mantine/core';
import { useQuery } from '@tanstack/react-query';
import { reporters } from '../looking.ts';
import { Asked } from '../parts/asked.tsx';
import { CoverageTable } from '../parts/coverage.tsx';
import { Marked } from '../parts/level.tsx';
import { ReporterTable } from '../parts/reporter-table.tsx';
import { lasting } from '../words.ts';

/** Who says that hosts are down, whether they are heard, and of which hosts nobody is. */
export default function ReportersPage() {
  const told = useQuery({ queryKey: ['reporters'], queryFn: reporters, refetchInterval: 15_000 });
  return (
    <Stack gap="xl">
      <Title order={2}>Reporters</Title>
      <Asked of={told}>
        {({ reports, refused, unheard, coverage }) => (
          <>
            <ReporterTable reports={reports} unheard={unheard} />
            {refused.length > 0 && (
              <section aria-labelledby="refused">
                <Title order={3} size="h4" id="refused" mb="xs">
                  Refused
                </Title>
                <Stack gap={4}>
                  {refused.map(({ id, subject, because, count, lastAtMs }) => (
                    <Marked key={id} level="trouble">
                      <b>{subject}</b>: {because} ({count} {count === 1 ? 'time' : 'times'}, last{' '}
                      {lasting(Date.now() - lastAtMs)} ago)
                    </Marked>
                  ))}
                </Stack>
                <Text size="sm" mt="xs" c="dimmed">
                  &quot;salvor parked&quot; shows what they sent.
                </Text>
              </section>
            )}
            <CoverageTable coverage={coverage} />
          </>
        )}
      </Asked>
    </Stack>
  );
}
