import { Button, Group } from '@mantine/core';
import { type ReactNode, useState } from 'react';

interface FirstProps<T> {
  readonly of: readonly T[];
  readonly most: number;
  /** On the button that shows the rest. */
  readonly label: string;
  readonly children: (shown: readonly T[]) => ReactNode;
}

/** The first of a long list, and the rest for who asks. */
export function First<T>({ of, most, label, children }: FirstProps<T>) {
  const [isAll, setAll] = useState(false);
  return (
    <>
      {children(isAll ? of : of.slice(0, most))}
      {!isAll && of.length > most && (
        <Group mt="xs">
          <Button variant="default" size="compact-md" onClick={() => setAll(true)}>
            {label}
          </Button>
        </Group>
      )}
    </>
  );
}
