import { Stack, Text, Title } from '@mantine/core';
import { useQuery } from '@tanstack/react-query';
import { policy } from '../looking.ts';
import { Asked } from '../parts/asked.tsx';
import { Marked } from '../parts/level.tsx';
import { PolicyCheck } from '../parts/policy-check.tsx';
import { PolicyText } from '../parts/policy-text.tsx';

/** What is protected and when salvor may act; and what another policy would change. */
export default function PolicyPage() {
  const told = useQuery({ queryKey: ['policy'], queryFn: policy });
  return (
    <Stack gap="xl">
      <div>
        <Title order={2}>Policy</Title>
        {told.data !== undefined && (
          <Text>
            {told.data.segments} {told.data.segments === 1 ? 'segment' : 'segments'}, {told.data.fenceDevices} fence
            devices.
          </Text>
        )}
        {told.data?.notes.map((note) => (
          <Marked key={note} level="note">
            {note}
          </Marked>
        ))}
      </div>
      <PolicyCheck />
      <Asked of={told}>{(data) => <PolicyText policy={data} />}</Asked>
    </Stack>
  );
}
