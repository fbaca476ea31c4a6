import { Alert, Button, PasswordInput, SegmentedControl, Stack, Text, TextInput, Title } from '@mantine/core';
import { useMutation } from '@tanstack/react-query';
import { useState } from 'react';
import { type IssuerOffered, type Problem, type SignIn, signIn, type Way } from '../api.ts';
import { AtIssuer, useSignInFault } from '../parts/at-issuer.tsx';
import { signedIn } from '../who.ts';

const BY = {
  token: { label: 'Token', says: 'A token of the policy’s access.people.' },
  oidc: { label: 'Issued token', says: 'A token (JWT) that your issuer has signed for salvor.' },
  keystone: {
    label: 'Keystone',
    says: 'Your OpenStack user. salvor asks Keystone for a token, and keeps no password.',
  },
} as const;
type By = keyof typeof BY;
const isBy = (way: Way | By): way is By => way in BY;

interface LoginProps {
  readonly ways: readonly Way[];
  /** Whose page signs people in; without one, a token of the issuer is pasted. */
  readonly at: IssuerOffered | undefined;
  readonly because: string;
}

/** Shown in place of any page to whom nobody knows. */
export function LoginPage({ ways, at, because }: LoginProps) {
  const offered = ways.filter(isBy);
  const [by, setBy] = useState<By>(at === undefined ? (offered[0] ?? 'token') : 'oidc');
  const fault = useSignInFault();
  const entered = useMutation<unknown, Problem, SignIn>({ mutationFn: signIn, onSuccess: signedIn });
  if (offered.length === 0)
    return <Alert title="Not signed in">{because}. Only programs that sign their requests are let in here.</Alert>;
  return (
    <Stack maw={400} mx="auto" mt="xl" component="section" aria-labelledby="sign-in">
      <Title order={2} id="sign-in">
        Sign in
      </Title>
      {fault !== undefined && (
        <Alert color="red" role="alert" title="Not signed in">
          {fault}
        </Alert>
      )}
      {offered.length > 1 && (
        <SegmentedControl
          aria-label="By what"
          data={offered.map((value) => ({ value, label: value === 'oidc' && at ? 'Issuer' : BY[value].label }))}
          value={by}
          onChange={(value) => {
            if (isBy(value as By)) setBy(value as By);
          }}
        />
      )}
      {by === 'oidc' && at !== undefined ? (
        <AtIssuer {...at} />
      ) : (
        <>
          <Text size="sm">{BY[by].says}</Text>
          {by === 'keystone' ? (
            <ByPassword isPending={entered.isPending} onSend={entered.mutate} />
          ) : (
            <ByToken key={by} isPending={entered.isPending} onSend={entered.mutate} />
          )}
        </>
      )}
      {entered.isError && (
        <Alert color="red" role="alert">
          {entered.error.message}
        </Alert>
      )}
    </Stack>
  );
}

interface FormProps {
  readonly isPending: boolean;
  readonly onSend: (given: SignIn) => void;
}

function ByToken({ isPending, onSend }: FormProps) {
  const [token, setToken] = useState('');
  return (
    <form
      onSubmit={(event) => {
        event.preventDefault();
        onSend({ token: token.trim() });
      }}
    >
      <Stack>
        <PasswordInput
          label="Token"
          autoComplete="off"
          required
          data-autofocus
          value={token}
          onChange={(event) => setToken(event.currentTarget.value)}
        />
        <Button type="submit" loading={isPending}>
          Sign in
        </Button>
      </Stack>
    </form>
  );
}

function ByPassword({ isPending, onSend }: FormProps) {
  const [form, setForm] = useState({ user: '', domain: 'Default', password: '', project: '' });
  const set = (key: keyof typeof form) => (event: { readonly currentTarget: { readonly value: string } }) => {
    const { value } = event.currentTarget;
    setForm((old) => ({ ...old, [key]: value }));
  };
  return (
    <form
      onSubmit={(event) => {
        event.preventDefault();
        const { project, ...rest } = form;
        onSend({ keystone: project === '' ? rest : { ...rest, project } });
      }}
    >
      <Stack>
        <TextInput label="User" autoComplete="username" required value={form.user} onChange={set('user')} />
        <TextInput label="Domain" required value={form.domain} onChange={set('domain')} />
        <PasswordInput
          label="Password"
          autoComplete="current-password"
          required
          value={form.password}
          onChange={set('password')}
        />
        <TextInput
          label="Project"
          description="Leave it empty for a role on the whole system."
          value={form.project}
          onChange={set('project')}
        />
        <Button type="submit" loading={isPending}>
          Sign in
        </Button>
      </Stack>
    </form>
  );
}
