import { Alert, Group, List, Stack, Text, Title } from '@mantine/core';
import { useQuery } from '@tanstack/react-query';
import { explanation } from '../api.ts';
import { useLive } from '../live.ts';
import { Ask } from '../parts/ask.tsx';
import { Loading } from '../parts/loading.tsx';
import { State } from '../parts/state.tsx';
import { FENCE, TILE } from '../words.ts';

/** Why a host was or was not fenced, and what may be asked for it. */
export function HostPage({ host }: { readonly host: string }) {
  const { now } = useLive();
  const tile = now?.hosts.find((each) => each.host === host);
  // Asked again whenever anything of the whole has changed.
  const told = useQuery({
    queryKey: ['explanation', host, now?.atMs],
    queryFn: () => explanation(host),
    placeholderData: (old) => old,
  });
  if (told.isError)
    return (
      <Alert color="red" role="alert">
        {told.error.message}
      </Alert>
    );
  if (told.data === undefined) return <Loading />;
  return (
    <Stack>
      <Title order={2}>{host}</Title>
      {tile !== undefined && (
        <p className="counts">
          <State look={TILE[tile.state]}>{tile.state}</State>
          <State look={FENCE[tile.fence ?? 'unknown']}>{`fencing: ${FENCE[tile.fence ?? 'unknown'].says}`}</State>
          <Text span size="sm">
            {tile.segment === null ? 'in no segment' : `in segment ${tile.segment}`}, zone {tile.zone}
          </Text>
        </p>
      )}
      <Text size="lg">{told.data.verdict}</Text>
      {tile !== undefined && (
        <Group>
          {tile.state === 'maintenance' ? (
            <Ask
              label="End the maintenance"
              does={`Gives ${host} back as soon as it is up and well.`}
              command={{ type: 'maintenance-off', hostKey: tile.hostKey }}
            />
          ) : (
            <Ask
              label="Take it out for maintenance"
              does={`Disables ${host} in Nova and live-migrates its instances away. It is not fenced meanwhile.`}
              command={{ type: 'maintenance-on', hostKey: tile.hostKey, drain: true }}
            />
          )}
          {(tile.state === 'forced-down' || tile.state === 'returning' || tile.state === 'quarantine') && (
            <Ask
              label="Give it back"
              does={`Takes ${host} into service again as soon as it is up and well.`}
              command={{ type: 'return', hostKey: tile.hostKey }}
            />
          )}
        </Group>
      )}
      {told.data.paragraphs.map(({ title, sentences }) => (
        <section key={title}>
          <Title order={3} size="h5">
            {title}
          </Title>
          <List>
            {sentences.map((each) => (
              <List.Item key={each} style={{ overflowWrap: 'anywhere' }}>
                {each}
              </List.Item>
            ))}
          </List>
        </section>
      ))}
    </Stack>
  );
}
