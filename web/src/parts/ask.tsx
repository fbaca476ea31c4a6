import { Alert, Button, Group, Modal, Stack, Text, TextInput, Tooltip } from '@mantine/core';
import { useDisclosure } from '@mantine/hooks';
import { useMutation } from '@tanstack/react-query';
import { useState } from 'react';
import type { OperatorCommand } from '#events/operator-command.ts';
import { tell } from '../api.ts';
import { useMe, whyNot } from '../who.ts';

interface AskProps {
  /** On the button. */
  readonly label: string;
  /** What it will do, in a sentence or two, before anything is sent. */
  readonly does: string;
  /** Without its reason. */
  readonly command: { readonly type: OperatorCommand['type']; readonly [field: string]: unknown };
  readonly colour?: string;
}

/** A button that says what it would do, asks for a reason, sends it, and shows what became of it. */
export function Ask({ label, does, command, colour = 'blue' }: AskProps) {
  const because = whyNot(useMe(), command);
  const [opened, { open, close }] = useDisclosure(false);
  const [reason, setReason] = useState('');
  const told = useMutation({ mutationFn: () => tell({ ...command, reason }) });
  const end = () => {
    close();
    told.reset();
    setReason('');
  };
  return (
    <>
      <Tooltip label={because} disabled={because === undefined} events={{ hover: true, focus: true, touch: true }}>
        <Button
          variant="light"
          color={colour}
          size="compact-md"
          // Not `disabled`: it keeps the focus, so that everybody hears why.
          {...(because === undefined
            ? { onClick: open }
            : { 'data-disabled': true, 'aria-disabled': true, 'aria-description': because })}
        >
          {label}
        </Button>
      </Tooltip>
      <Modal opened={opened} onClose={end} title={label}>
        <form
          onSubmit={(event) => {
            event.preventDefault();
            told.mutate();
          }}
        >
          <Stack>
            <Text>{does}</Text>
            <TextInput
              label="Reason"
              description="It goes into the audit, with your name."
              required
              data-autofocus
              maxLength={1024}
              value={reason}
              onChange={(event) => setReason(event.currentTarget.value)}
            />
            {told.isError && (
              <Alert color="red" role="alert">
                {told.error.message}
              </Alert>
            )}
            {told.isSuccess && (
              <Alert color={told.data.type === 'obeyed' ? 'teal' : 'orange'} role="status">
                {told.data.type}: {told.data.said}
              </Alert>
            )}
            <Group justify="flex-end">
              <Button variant="default" onClick={end}>
                {told.isSuccess ? 'Close' : 'Cancel'}
              </Button>
              {!told.isSuccess && (
                <Button type="submit" color={colour} loading={told.isPending}>
                  {label}
                </Button>
              )}
            </Group>
          </Stack>
        </form>
      </Modal>
    </>
  );
}
