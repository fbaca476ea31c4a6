import { Alert, Button, FileButton, Group, List, Stack, Text, Textarea, Title } from '@mantine/core';
import { useMutation } from '@tanstack/react-query';
import { useRef, useState } from 'react';
import { type PolicyChecked, policyDiff } from '../looking.ts';
import { Marked } from './level.tsx';
import { Changes } from './policy-changes.tsx';

/** A policy that somebody has written: what is wrong with it, and what it would change. Nothing of it is kept. */
export function PolicyCheck() {
  const [text, setText] = useState('');
  const field = useRef<HTMLTextAreaElement>(null);
  const checked = useMutation({ mutationFn: policyDiff });
  const take = (next: string) => {
    setText(next);
    checked.reset();
  };
  const goTo = (line: number) => {
    const start =
      text
        .split('\n')
        .slice(0, line - 1)
        .join('\n').length + (line > 1 ? 1 : 0);
    const end = text.indexOf('\n', start);
    field.current?.focus();
    field.current?.setSelectionRange(start, end < 0 ? text.length : end);
  };
  return (
    <section aria-labelledby="check">
      <Title order={3} size="h4" id="check">
        Check another, and compare
      </Title>
      <Text size="sm" mb="sm">
        Paste it or take a file. It is checked as at a start, and compared with the one in force. Nothing is kept or
        changed: a policy takes effect when salvor is started with it.
      </Text>
      <form
        onSubmit={(event) => {
          event.preventDefault();
          checked.mutate(text);
        }}
      >
        <Stack gap="sm">
          <Textarea
            ref={field}
            label="Policy, YAML or JSON"
            value={text}
            onChange={(event) => take(event.currentTarget.value)}
            autosize
            minRows={6}
            maxRows={18}
            spellCheck={false}
            styles={{ input: { fontFamily: 'var(--mantine-font-family-monospace)', fontSize: '0.8125rem' } }}
          />
          <Group>
            <FileButton accept=".yaml,.yml,.json,text/*" onChange={(file) => void file?.text().then(take)}>
              {(props) => (
                <Button {...props} variant="default">
                  Take a file
                </Button>
              )}
            </FileButton>
            <Button type="submit" disabled={text.trim() === ''} loading={checked.isPending}>
              Check and compare
            </Button>
          </Group>
        </Stack>
      </form>
      <div aria-live="polite">
        {checked.isError && (
          <Alert color="red" mt="md" role="alert">
            {checked.error.message}
          </Alert>
        )}
        {checked.data !== undefined && <CheckedTold checked={checked.data} goTo={goTo} />}
      </div>
    </section>
  );
}

function CheckedTold({ checked, goTo }: { readonly checked: PolicyChecked; readonly goTo: (line: number) => void }) {
  const { well, faults, notes, segments, fenceDevices, changes } = checked;
  return (
    <Stack gap="md" mt="lg">
      <Text fw={600}>
        {well ? (
          <Marked level="well">
            It is well: {segments} {segments === 1 ? 'segment' : 'segments'}, {fenceDevices} fence devices.
          </Marked>
        ) : (
          <Marked level="trouble">
            salvor would not start with it: {faults.length} {faults.length === 1 ? 'fault' : 'faults'}.
          </Marked>
        )}
      </Text>
      {faults.length > 0 && (
        <List spacing="xs">
          {faults.map(({ path, line, says }) => (
            <List.Item key={`${path} ${says}`}>
              {path !== '' && (
                <>
                  <code>{path}</code>:{' '}
                </>
              )}
              {says}{' '}
              {line !== null && (
                <Button size="compact-xs" variant="default" onClick={() => goTo(line)}>
                  line {line}
                </Button>
              )}
            </List.Item>
          ))}
        </List>
      )}
      {notes.map((note) => (
        <Marked key={note} level="note">
          {note}
        </Marked>
      ))}
      {changes !== null && <Changes changes={changes} />}
    </Stack>
  );
}
