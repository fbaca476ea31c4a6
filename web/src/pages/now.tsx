import { Alert, Anchor, Button, Card, Code, Group, List, Stack, Text, Title } from '@mantine/core';
import { useDisclosure } from '@mantine/hooks';
import { memo, useDeferredValue, useMemo } from 'react';
import { Link } from 'wouter';
import type { OpenNow } from '#shared/domain/now/progress.ts';
import type { SegmentRow } from '#shared/domain/now/segments.ts';
import type { Tile } from '#shared/domain/now/tile.ts';
import type { NowView } from '../api.ts';
import { useLive } from '../live.ts';
import { IncidentActions } from '../parts/actions.tsx';
import { Ask } from '../parts/ask.tsx';
import { First } from '../parts/first.tsx';
import { Headline } from '../parts/headline.tsx';
import { InstanceBar, InstanceCells, InstanceTable } from '../parts/instances.tsx';
import { Since } from '../parts/since.tsx';
import { State } from '../parts/state.tsx';
import { Steps } from '../parts/steps.tsx';
import { Legend, Tiles } from '../parts/tiles.tsx';
import { DOES, date, lasting, many, OUTCOME } from '../words.ts';

/** Rows that are drawn at first. */
const MOST = 50;

/** Within ten seconds: is anything down, what is salvor doing about it, does it need me? */
export function NowPage() {
  const { now } = useLive();
  if (now === undefined) return null;
  return (
    <Stack gap="lg">
      <Headline now={now} />
      <Switches now={now} />
      <Needs now={now} />
      {now.incidents.map((incident) => (
        <OpenIncident key={incident.id} incident={incident} />
      ))}
      <Ended now={now} />
      {now.segments.map((each) => (
        <Segment key={each.segment} row={each} hosts={now.hosts} />
      ))}
      <Unprotected hosts={now.hosts} />
    </Stack>
  );
}

function Switches({ now: { disarmed, atMs } }: { readonly now: NowView }) {
  return disarmed.map(({ name, disarmed: { by, reason, atMs: sinceMs, untilMs } }) => {
    const segment = name === 'global' ? undefined : name.segment;
    return (
      <Alert
        key={segment ?? ''}
        color="orange"
        title={`‖ ${segment ?? 'Everything'} is disarmed: nobody is fenced`}
        role="region"
        aria-label={`${segment ?? 'Everything'} is disarmed`}
      >
        <Group justify="space-between">
          <Text size="sm">
            By {by} for {lasting(atMs - sinceMs)}: {reason}.{' '}
            {untilMs === null ? 'Until somebody arms it.' : `Until ${date(untilMs)} UTC.`}
          </Text>
          <Ask
            label="Arm"
            name={`Arm ${segment ?? 'everything'}`}
            does={`salvor fences and evacuates ${segment === undefined ? '' : `hosts of ${segment} `}again.`}
            command={{ type: 'arm', ...(segment && { segment }) }}
          />
        </Group>
      </Alert>
    );
  });
}

function Needs({ now: { needs, hosts, incidents } }: { readonly now: NowView }) {
  if (needs.length === 0) return null;
  const placeOf = (about: string): string | undefined => {
    const incident = incidents.find(({ host }) => host === about);
    if (incident !== undefined) return `/incidents/${incident.id}`;
    return hosts.some(({ host }) => host === about) ? `/hosts/${encodeURIComponent(about)}` : undefined;
  };
  return (
    <Alert color="red" title="! Needs you" role="region" aria-label="Needs you">
      <List spacing="xs">
        {needs.map(({ about, says, commands }) => (
          <List.Item key={`${about} ${says}`}>
            <b>
              <Place to={placeOf(about)}>{about}</Place>
            </b>
            : {says}. <Code className="command">{commands[0]}</Code>
          </List.Item>
        ))}
      </List>
    </Alert>
  );
}

function Place({ to, children }: { readonly to: string | undefined; readonly children: string }) {
  if (to === undefined) return children;
  return (
    <Anchor component={Link} href={to} c="inherit" underline="always">
      {children}
    </Anchor>
  );
}

function OpenIncident({ incident }: { readonly incident: OpenNow }) {
  const { id, host, status, openedAtMs, why, counts, total, instances } = incident;
  const [isOpen, { toggle }] = useDisclosure(false);
  // The button answers at once; its rows come when the page has time.
  const isShown = useDeferredValue(isOpen);
  const { step, does, ...look } = DOES[status];
  return (
    <Card withBorder component="section" aria-label={`Incident of ${host}`}>
      <Group justify="space-between" align="start" mb="xs">
        <div>
          <Title order={3} size="h4">
            <Anchor component={Link} href={`/incidents/${id}`} inherit>
              {host}
            </Anchor>
          </Title>
          <State look={look}>{status}</State>
          <Text span size="sm">
            {' '}
            for <Since atMs={openedAtMs} />
          </Text>
        </div>
        <IncidentActions {...incident} />
      </Group>
      <Steps at={step} isStuck={status === 'held' || status === 'stopped'} />
      <Text>{does}</Text>
      {why.length > 0 && (
        <List size="sm" mt={4} aria-label="Why it stands there">
          {why.map((each) => (
            <List.Item key={each}>{each}</List.Item>
          ))}
        </List>
      )}
      {total > 0 && (
        <Stack gap="xs" mt="sm">
          <InstanceBar counts={counts} total={total} />
          <InstanceCells instances={instances} />
          <Group>
            <Button variant="default" size="compact-sm" aria-expanded={isOpen} onClick={toggle}>
              {isOpen ? 'Hide the instances' : `Show ${many(total, 'instance')} as a table`}
            </Button>
          </Group>
          {isShown && (
            <First of={instances} most={MOST} label={`Show all ${total}`}>
              {(shown) => <InstanceTable instances={shown} />}
            </First>
          )}
        </Stack>
      )}
    </Card>
  );
}

/** Whoever comes late sees that something was, and how it ended. */
function Ended({ now: { ended } }: { readonly now: NowView }) {
  if (ended.length === 0) return null;
  return (
    <section aria-labelledby="ended">
      <Title order={2} size="h4" id="ended" mb={4}>
        Ended within a day
      </Title>
      <List listStyleType="none">
        {ended.map(({ id, host, outcome, because, openedAtMs, closedAtMs }) => (
          <List.Item key={id}>
            <Anchor component={Link} href={`/incidents/${id}`}>
              {host}
            </Anchor>{' '}
            {outcome !== null && <State look={OUTCOME[outcome]}>{outcome}</State>}{' '}
            <Text span size="sm">
              <Since atMs={closedAtMs ?? openedAtMs} /> ago, after {lasting((closedAtMs ?? openedAtMs) - openedAtMs)}:{' '}
              {because}
            </Text>
          </List.Item>
        ))}
      </List>
    </section>
  );
}

const Segment = memo(function Segment({ row, hosts }: { readonly row: SegmentRow; readonly hosts: readonly Tile[] }) {
  const { segment, notFenceable, survivesOne, disarmed, states } = row;
  const own = useMemo(() => hosts.filter((each) => each.segment === segment), [hosts, segment]);
  return (
    <section aria-labelledby={`segment-${segment}`}>
      <Group justify="space-between" mb={4}>
        <Title order={2} size="h4" id={`segment-${segment}`}>
          {segment}
        </Title>
        <Group gap="sm">
          {notFenceable > 0 && (
            <State look={{ colour: 'red', sign: '⚠' }}>{`${notFenceable} could not be fenced`}</State>
          )}
          {survivesOne === false && <State look={{ colour: 'red', sign: '⚠' }}>no room for one that fails</State>}
          {disarmed ? (
            <State look={{ colour: 'orange', sign: '‖' }}>disarmed</State>
          ) : (
            <Ask
              label="Disarm"
              name={`Disarm ${segment}`}
              colour="gray"
              does={`salvor fences no host of ${segment} and evacuates nothing from it until somebody arms it again. It goes on watching.`}
              command={{ type: 'disarm', segment }}
            />
          )}
        </Group>
      </Group>
      <Legend states={states} />
      <Tiles hosts={own} label={`Hosts of ${segment}`} />
    </section>
  );
});

function Unprotected({ hosts }: { readonly hosts: readonly Tile[] }) {
  const own = hosts.filter(({ segment }) => segment === null);
  if (own.length === 0) return null;
  return (
    <section aria-labelledby="unprotected">
      <Title order={2} size="h4" id="unprotected" mb={4}>
        Not protected
      </Title>
      <Tiles hosts={own} label="Hosts of no segment" />
    </section>
  );
}
