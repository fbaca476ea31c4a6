import { Alert, Anchor, AppShell, Container, Group, Stack, Text, Title } from '@mantine/core';
import { lazy, Suspense, useEffect, useRef } from 'react';
import { Link, Route, Switch, useRoute } from 'wouter';
import { useLive } from './live.ts';
import { HistoryPage } from './pages/history.tsx';
import { HostPage } from './pages/host.tsx';
import { HostsPage } from './pages/hosts.tsx';
import { IncidentPage } from './pages/incident.tsx';
import { LoginPage } from './pages/login.tsx';
import { NowPage } from './pages/now.tsx';
import { AskDialog } from './parts/ask-dialog.tsx';
import { ColourScheme } from './parts/colour-scheme.tsx';
import { Loading } from './parts/loading.tsx';
import { Who } from './parts/who.tsx';
import { lasting } from './words.ts';

// Pages that nobody opens in a hurry come when they are asked for.
const WhatIfPage = lazy(() => import('./pages/what-if.tsx'));
const PolicyPage = lazy(() => import('./pages/policy.tsx'));
const ReportersPage = lazy(() => import('./pages/reporters.tsx'));
const HealthPage = lazy(() => import('./pages/health.tsx'));

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
          <Group gap="lg" wrap="nowrap" component="nav" aria-label="Pages" className="pages">
            <Title order={1} size="h4">
              salvor
            </Title>
            <NavLink to="/">Now</NavLink>
            <NavLink to="/hosts">Hosts</NavLink>
            <NavLink to="/history">History</NavLink>
            <NavLink to="/what-if">What if</NavLink>
            <NavLink to="/policy">Policy</NavLink>
            <NavLink to="/reporters">Reporters</NavLink>
            <NavLink to="/health">Health</NavLink>
          </Group>
          <Group gap="sm" wrap="nowrap">
            {now !== undefined && trouble?.status !== 401 && <Who />}
            <ColourScheme />
          </Group>
        </Group>
      </AppShell.Header>
      <AskDialog />
      <AppShell.Main id="main" tabIndex={-1}>
        <Container size="xl" p={0}>
          {trouble?.status === 401 ? (
            <LoginPage ways={trouble.ways} at={trouble.signIn} because={trouble.because} />
          ) : (
            <Stack>
              {trouble !== null && (
                <Alert color="red" role="alert" title={`No news for ${lasting(Date.now() - trouble.sinceMs)}`}>
                  {trouble.because}. What is shown is as it was then.
                </Alert>
              )}
              {now === undefined ? (
                trouble === null && <Loading />
              ) : (
                <Suspense fallback={<Loading />}>
                  <Pages />
                </Suspense>
              )}
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
      <Route path="/what-if" component={WhatIfPage} />
      <Route path="/policy" component={PolicyPage} />
      <Route path="/reporters" component={ReportersPage} />
      <Route path="/health" component={HealthPage} />
      <Route path="/incidents/:id">{({ id }) => <IncidentPage id={id} />}</Route>
      <Route>
        <Text>There is no such page.</Text>
      </Route>
    </Switch>
  );
}

function NavLink({ to, children }: { readonly to: string; readonly children: string }) {
  const [here] = useRoute(to);
  const self = useRef<HTMLAnchorElement>(null);
  // On a phone not all of them are in sight.
  useEffect(() => {
    if (here) self.current?.scrollIntoView({ block: 'nearest', inline: 'nearest' });
  }, [here]);
  return (
    <Anchor ref={self} component={Link} href={to} {...(here ? { 'aria-current': 'page' as const, fw: 700 } : {})}>
      {children}
    </Anchor>
  );
}
