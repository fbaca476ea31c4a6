import { Alert, Button, FileInput, Group, List, Stack, Table, Text, Textarea } from '@mantine/core';
import { useMutation } from '@tanstack/react-query';
import { useState } from 'react';
import { replayOf } from '../api.ts';
import { lasting, many } from '../words.ts';
import { Wide } from './wide.tsx';

/** What another policy would have made of an incident. Nothing is done by it. */
export function Replay({ id, openedAtMs }: { readonly id: string; readonly openedAtMs: number }) {
  const [policy, setPolicy] = useState('');
  const again = useMutation({ mutationFn: () => replayOf(id, policy.trim() === '' ? undefined : policy) });
  return (
    <Stack>
      <Text>
        Every decision is made again from the log, under another policy. Nothing is done by it, and nobody is asked.
      </Text>
      <form
        onSubmit={(event) => {
          event.preventDefault();
          again.mutate();
        }}
      >
        <Stack>
          <FileInput
            label="A policy from a file"
            accept=".yaml,.yml,.json"
            placeholder="Choose a file"
            onChange={(file) => void file?.text().then(setPolicy)}
          />
          <Textarea
            label="Policy"
            description="YAML or JSON. Empty: the one under which it was decided."
            autosize
            minRows={4}
            maxRows={16}
            value={policy}
            onChange={(event) => setPolicy(event.currentTarget.value)}
          />
          <Group>
            <Button type="submit" loading={again.isPending}>
              Decide again
            </Button>
          </Group>
        </Stack>
      </form>
      {again.isError && (
        <Alert color="red" role="alert" title="It was not decided again" style={{ whiteSpace: 'pre-wrap' }}>
          {again.error.message}
        </Alert>
      )}
      {again.isSuccess && <Outcome {...again.data} openedAtMs={openedAtMs} />}
    </Stack>
  );
}

type OutcomeProps = Awaited<ReturnType<typeof replayOf>> & { readonly openedAtMs: number };

function Outcome({ decisions, different, undecided, told, otherwise, openedAtMs }: OutcomeProps) {
  const since = (atMs: number): string => `+${lasting(atMs - openedAtMs)}`;
  return (
    <Stack gap="sm">
      <Text role="status">
        {many(decisions, 'decision')} made again: {decisions - different - undecided} the same, {different} different,{' '}
        {undecided} that can not be made again.
      </Text>
      {otherwise !== null && (
        <section aria-label="Where it would have led">
          <Text fw={700}>As far as the log can tell, this policy would have led here:</Text>
          <List>
            {otherwise.course.map(({ atMs, what }) => (
              <List.Item key={`${atMs} ${what}`}>
                {since(atMs)} {what}
              </List.Item>
            ))}
            <List.Item>{otherwise.end}</List.Item>
          </List>
        </section>
      )}
      {told.length > 0 && (
        <Wide label="Decisions that differ, a table">
          <Table aria-label="Decisions that differ" miw={640}>
            <Table.Thead>
              <Table.Tr>
                <Table.Th>When</Table.Th>
                <Table.Th>Decided by</Table.Th>
                <Table.Th>Where it differs</Table.Th>
                <Table.Th>Then</Table.Th>
                <Table.Th>Under this policy</Table.Th>
              </Table.Tr>
            </Table.Thead>
            <Table.Tbody>
              {told.map(({ stream, seq, atMs, by, recorded, decided, cannot, at, was, is }) => (
                <Table.Tr key={`${stream} ${seq}`}>
                  <Table.Td>{since(atMs)}</Table.Td>
                  <Table.Td>{by ?? '?'}</Table.Td>
                  <Table.Td>{at ?? '–'}</Table.Td>
                  <Table.Td>
                    {recorded.join(', ')} {was}
                  </Table.Td>
                  <Table.Td>{cannot ?? `${decided?.join(', ') || 'nothing'} ${is ?? ''}`}</Table.Td>
                </Table.Tr>
              ))}
            </Table.Tbody>
          </Table>
        </Wide>
      )}
    </Stack>
  );
}
