import { Alert, Loader } from '@mantine/core';
import type { UseQueryResult } from '@tanstack/react-query';
import type { ReactNode } from 'react';

/** What was asked for; while it is not there, that it comes, or why it does not. What was there stays until then. */
export function Asked<T>({
  of: { data, error, isPending },
  children,
}: {
  readonly of: UseQueryResult<T>;
  readonly children: (data: T) => ReactNode;
}) {
  return (
    <>
      {error !== null && (
        <Alert color="red" role="alert" title="It can not be told now">
          {error.message}
        </Alert>
      )}
      {data === undefined ? isPending && <Loader aria-label="Loading" /> : children(data)}
    </>
  );
}
