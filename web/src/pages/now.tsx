import { Alert, Anchor, Card, Code, Group, List, Stack, Text, Title } from '@mantine/core';
import { Link } from 'wouter';
import type { OpenNow } from '#shared/domain/now/progress.ts';
import type { NowView } from '../api.ts';
import { useLive } from '../live.ts';
import { IncidentActions } from '../parts/actions.tsx';
import { Ask } from '../parts/ask.tsx';
import { InstanceBar } from '../parts/instances.tsx';
import { Legend, Tiles } from '../parts/tiles.tsx';
import { lasting } from '../words.ts';

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
        <OpenIncident key={incident.id} incident={incident} atMs={now.atMs} />
      ))}
      {now.segments.map(({ segment, hosts, notFenceable, survivesOne, disarmed }) => {
        const own = now.hosts.filter((each) => each.segment === segment);
        return (
          <section key={segment} aria-labelledby={`segment-${segment}`}>
            <Group justify="space-between" mb="xs">
              <Title order={2} size="h4" id={`segment-${segment}`}>
                {segment}
              </Title>
              <Text size="sm">
                {hosts} hosts
                {notFenceable > 0 && `, ${notFenceable} could not be fenced`}
                {survivesOne === false && ', NO ROOM for one that fails'}
                {disarmed && ', DISARMED'}
              </Text>
            </Group>
            <Tiles hosts={own} />
            <Legend hosts={own} />
          </section>
        );
      })}
    </Stack>
  );
}

function Headline({ now }: { readonly now: NowView }) {
  const { incidents, needs, hosts } = now;
  const down =
    incidents.length === 0
      ? 'Nothing is down'
      : `${incidents.length} ${incidents.length === 1 ? 'host is' : 'hosts are'} in trouble`;
  const wants =
    needs.length === 0
      ? 'nothing needs you'
      : `${needs.length === 1 ? 'one thing needs' : `${needs.length} things need`} you`;
  return (
    <div aria-live="polite">
      <Title order={2}>
        {down}, {wants}.
      </Title>
      <Text c="dimmed" size="sm">
        {hosts.length} hosts.{' '}
        {now.beat === null
          ? 'salvor has not run yet.'
          : `salvor is at work since ${new Date(now.beat.runningSinceMs).toISOString()}.`}
      </Text>
    </div>
  );
}

function Switches({ now: { disarmed, atMs } }: { readonly now: NowView }) {
  return (
    <>
      {disarmed.map(({ name, disarmed: { by, reason, atMs: sinceMs, untilMs } }) => {
        const segment = name === 'global' ? undefined : name.segment;
        return (
          <Alert key={segment ?? ''} color="orange" title={`${segment ?? 'Everything'} is disarmed: nobody is fenced`}>
            <Group justify="space-between">
              <Text size="sm">
                By {by} for {lasting(atMs - sinceMs)}: {reason}.{' '}
                {untilMs === null ? 'Until somebody arms it.' : `Until ${new Date(untilMs).toISOString()}.`}
              </Text>
              <Ask
                label="Arm"
                does="salvor fences and evacuates again."
                command={{ type: 'arm', ...(segment && { segment }) }}
              />
            </Group>
          </Alert>
        );
      })}
    </>
  );
}

function Needs({ now: { needs } }: { readonly now: NowView }) {
  if (needs.length === 0) return null;
  return (
    <Alert color="red" title="Needs you">
      <List>
        {needs.map(({ about, says, commands }) => (
          <List.Item key={`${about} ${says}`}>
            <b>{about}</b>: {says} <Code>{commands[0]}</Code>
          </List.Item>
        ))}
      </List>
    </Alert>
  );
}

function OpenIncident({ incident, atMs }: { readonly incident: OpenNow; readonly atMs: number }) {
  const { id, host, status, openedAtMs, why, counts, total } = incident;
  return (
    <Card withBorder component="section" aria-label={`Incident of ${host}`}>
      <Group justify="space-between" mb="xs">
        <Title order={3} size="h5">
          <Anchor component={Link} href={`/incidents/${id}`}>
            {host}
          </Anchor>{' '}
          {status}, {lasting(atMs - openedAtMs)}
        </Title>
        <IncidentActions {...incident} />
      </Group>
      {why.map((each) => (
        <Text key={each} size="sm">
          {each}
        </Text>
      ))}
      {(total > 0 || status === 'evacuating') && <InstanceBar counts={counts} total={total} />}
    </Card>
  );
}
