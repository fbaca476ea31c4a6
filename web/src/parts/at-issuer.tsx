import { Alert, Anchor, Button, Stack, Text } from '@mantine/core';
import { useMutation } from '@tanstack/react-query';
import { useEffect, useState } from 'react';
import { SIGN_IN_FAULTS } from '#shared/domain/sign-in-words.ts';
import { beginSignIn, type IssuerOffered, type Problem } from '../api.ts';

/** What the server puts behind the address where a sign-in has led to nothing. */
const FAULT = 'sign-in';

/** To the issuer's own page, which sends the browser back to the page of the console that it is on. */
export function AtIssuer({ issuer, site }: IssuerOffered) {
  const { pathname, search, origin } = window.location;
  const begun = useMutation<string, Problem>({
    mutationFn: () => beginSignIn(`${pathname}${search}`),
    onSuccess: (at) => window.location.assign(at),
  });
  const name = new URL(issuer).host;
  // The cookie would be for this host, and the issuer sends the browser to the other.
  if (origin !== site)
    return (
      <Text size="sm">
        The issuer sends you back to {site} only: <Anchor href={`${site}${pathname}`}>sign in there</Anchor>.
      </Text>
    );
  return (
    <Stack>
      <Text size="sm">On the page of your issuer, and back to here. salvor sees no password.</Text>
      <Button onClick={() => begun.mutate()} loading={begun.isPending}>
        Sign in with {name}
      </Button>
      {begun.isError && (
        <Alert color="red" role="alert">
          {begun.error.message}
        </Alert>
      )}
    </Stack>
  );
}

/** Why the sign-in that this browser comes back from has led to nothing; once, as the address forgets it. */
export function useSignInFault(): string | undefined {
  const [fault] = useState(() => faultIn(window.location.search));
  useEffect(() => {
    if (fault !== undefined) window.history.replaceState(window.history.state, '', window.location.pathname);
  }, [fault]);
  return fault;
}

function faultIn(search: string): string | undefined {
  const given = new URLSearchParams(search).get(FAULT) ?? '';
  return Object.hasOwn(SIGN_IN_FAULTS, given) ? SIGN_IN_FAULTS[given as keyof typeof SIGN_IN_FAULTS] : undefined;
}
