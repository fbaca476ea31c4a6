import { Button, Group, Text } from '@mantine/core';
import { useMe, useSignOut } from '../who.ts';

/** Who looks, and the way out. */
export function Who() {
  const who = useMe();
  const signOut = useSignOut();
  if (who === undefined) return null;
  return (
    <Group gap="xs" wrap="nowrap">
      <Text size="sm" truncate maw={200} title={`${who.name}, ${who.role}`} visibleFrom="xs">
        {who.name}, {who.role}
      </Text>
      {who.session && (
        <Button variant="default" size="compact-sm" onClick={() => void signOut()}>
          Sign out
        </Button>
      )}
    </Group>
  );
}
