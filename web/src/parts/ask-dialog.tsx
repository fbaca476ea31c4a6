import { Alert, Button, Group, Modal, Stack, Text, TextInput } from '@mantine/core';
import { useMutation } from '@tanstack/react-query';
import { useState } from 'react';
import { tell } from '../api.ts';
import { type AskProps, setAsked, useAsked } from './ask.tsx';

/** The one dialog of all that a person may ask for. */
export function AskDialog() {
  const asked = useAsked();
  const [last, setLast] = useState<AskProps>();
  if (asked !== undefined && asked !== last) setLast(asked);
  const shown = asked ?? last;
  return (
    <Modal
      opened={asked !== undefined}
      onClose={() => setAsked(undefined)}
      title={shown?.name ?? shown?.label}
      // The page behind stays where it is, but keeps its scroll bar: to take it away would style the whole page anew.
      removeScrollProps={{ removeScrollBar: false }}
      closeButtonProps={{ 'aria-label': 'Close' }}
      // Else it counts as a second header of the page.
      attributes={{ header: { role: 'presentation' } }}
    >
      {shown !== undefined && <Asking {...shown} />}
    </Modal>
  );
}

function Asking({ label, does, command, colour = 'blue' }: AskProps) {
  const [reason, setReason] = useState('');
  const told = useMutation({ mutationFn: () => tell({ ...command, reason }) });
  return (
    <form
      onSubmit={(event) => {
        event.preventDefault();
        if (!told.isPending && !told.isSuccess) told.mutate();
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
          <Button variant="default" onClick={() => setAsked(undefined)}>
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
  );
}
