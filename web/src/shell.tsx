import { Alert, Anchor, AppShell, Button, Container, Group, PasswordInput, Stack, Text, Title } from '@mantine/core';
import { useState } from 'react';
import { Link, Route, Switch, useRoute } from 'wouter';
import { token } from './api.ts';
import { lookAgain, useLive } from './live.ts';
import { HistoryPage } from './pages/history.tsx';
import { HostPage } from './pages/host.tsx';
import { HostsPage } from './pages/hosts.tsx';
import { IncidentPage } from './pages/incident.tsx';
import { NowPage } from './pages/now.tsx';
import { AskDialog } from './parts/ask-dialog.tsx';
import { ColourScheme } from './parts/colour-scheme.tsx';
import { Loading } from './parts/loading.tsx';
import { lasting } from './words.ts';

/** What every page has: where one can go, whether the page is up to date, and the page. */
export function Shell() {
  const { now, trouble } = useLive();
  return (
    <AppShell header={{ height: 56 }} padding="md">
      <a className="skip" href="#main">
        Skip to the page
      </a>
      <AppShell.Header px="md">
        <Group h="100%" justify="space-between" wrap="nowrap">
          <Group gap="lg" wrap="nowrap" component="nav" aria-label="Pages">
            <Title order={1} size="h4">
              salvor
            </Title>
            <NavLink to="/">Now</NavLink>
            <NavLink to="/hosts">Hosts</NavLink>
            <NavLink to="/history">History</NavLink>
          </Group>
          <ColourScheme />
        </Group>
      </AppShell.Header>
      <AskDialog />
      <AppShell.Main id="main" tabIndex={-1}>
        <Container size="xl" p={0}>
          {trouble?.status === 401 ? (
            <SignIn because={trouble.because} />
          ) : (
            <Stack>
              {trouble !== null && (
                <Alert color="red" role="alert" title={`No news for ${lasting(Date.now() - trouble.sinceMs)}`}>
                  {trouble.because}. What is shown is as it was then.
                </Alert>
              )}
              {now === undefined ? trouble === null && <Loading /> : <Pages />}
            </Stack>
          )}
        </Container>
      </AppShell.Main>
    </AppShell>
  );
}

function Pages() {
  return (
    <Switch>
      <Route path="/" component={NowPage} />
      <Route path="/hosts" component={HostsPage} />
      <Route path="/hosts/:host">{({ host }) => <HostPage host={decodeURIComponent(host)} />}</Route>
      <Route path="/history" component={HistoryPage} />
      <Route path="/incidents/:id">{({ id }) => <IncidentPage id={id} />}</Route>
      <Route>
        <Text>There is no such page.</Text>
      </Route>
    </Switch>
  );
}

function NavLink({ to, children }: { readonly to: string; readonly children: string }) {
  const [here] = useRoute(to);
  return (
    <Anchor component={Link} href={to} {...(here ? { 'aria-current': 'page' as const, fw: 700 } : {})}>
      {children}
    </Anchor>
  );
}

function SignIn({ because }: { readonly because: string }) {
  const [value, setValue] = useState('');
  return (
    <form
      onSubmit={(event) => {
        event.preventDefault();
        token.set(value);
        lookAgain();
      }}
    >
      <Stack maw={400} mx="auto" mt="xl">
        <Title order={2}>Sign in</Title>
        <Text>{token.get() === null ? 'The policy lets in who has a token.' : because}</Text>
        <PasswordInput label="Token" value={value} onChange={(event) => setValue(event.currentTarget.value)} required />
        <Button type="submit">Sign in</Button>
      </Stack>
    </form>
  );
}
