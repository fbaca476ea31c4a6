import { Select, Stack, Table, Text, Title } from '@mantine/core';
import { useState } from 'react';
import type { ForecastHost, ForecastInstance } from '#shared/domain/forecast/what-if.ts';
import type { WhatIf } from '../looking.ts';
import { lasting } from '../words.ts';
import { drawnAs, Marked } from './level.tsx';
import { OUTCOME, OutcomeBar, OutcomeName } from './outcomes.tsx';
import { Scrolls } from './scrolls.tsx';

/** As many rows are drawn. */
const MOST = 200;

/** What a failure would come to. */
export function ForecastTold({ title, told }: { readonly title: string; readonly told: WhatIf }) {
  const { hosts, instances, counts, lastUpAtSeconds, asOf, countedWith } = told;
  const total = Object.values(counts).reduce((sum, each) => sum + each, 0);
  const wanted = total - counts['not-protected'];
  const back = counts['comes-back'] + counts['from-snapshot'];
  const isHeld = hosts.some(({ blockers }) => blockers.length > 0);
  const level = isHeld || counts.stays > 0 ? 'trouble' : counts.maybe > 0 ? 'note' : 'well';
  const when = lastUpAtSeconds === null ? '' : `, the last after about ${lasting(lastUpAtSeconds * 1000)}`;
  const says =
    wanted === 0
      ? 'nothing would have to come back'
      : `${back} of ${wanted} protected ${wanted === 1 ? 'instance comes' : 'instances come'} back${when}`;
  return (
    <Stack gap="md">
      <div className="verdict" style={drawnAs(level)} role="status">
        <Title order={3} size="h4">
          If {title} failed now: {says}.
        </Title>
        <Text size="sm" c="dimmed">
          {asOf}. A forecast, no promise.
        </Text>
      </div>
      {total > 0 && <OutcomeBar counts={counts} />}
      <Gates hosts={hosts} />
      {total > 0 && <Instances instances={instances} total={total} lastUpAtSeconds={lastUpAtSeconds} />}
      <Text size="sm" c="dimmed">
        Counted with {countedWith}.
      </Text>
    </Stack>
  );
}

/** Whether the hosts would be fenced, those alike together. */
function Gates({ hosts }: Pick<WhatIf, 'hosts'>) {
  const alike = [...Map.groupBy(hosts, keyOf).values()];
  return (
    <section aria-labelledby="gates">
      <Title order={4} size="h5" id="gates" mb="xs">
        Would they be fenced?
      </Title>
      <Stack gap="xs">
        {alike.map((some) => {
          const [first] = some;
          return first && <HostsAlike key={first.host} first={first} names={some.map(({ host }) => host)} />;
        })}
      </Stack>
    </section>
  );
}

const keyOf = ({ blockers, unread, seen, evacuatesAtSeconds }: ForecastHost): string =>
  JSON.stringify([blockers, unread, seen, evacuatesAtSeconds]);

function HostsAlike({ first, names }: { readonly first: ForecastHost; readonly names: readonly string[] }) {
  const { blockers, unread, seen, evacuatesAtSeconds } = first;
  const shown = names.length <= 6 ? names.join(', ') : `${names.slice(0, 6).join(', ')} and ${names.length - 6} more`;
  const after =
    evacuatesAtSeconds === null
      ? ''
      : `, and evacuated from ${lasting(evacuatesAtSeconds * 1000)} after the first report`;
  return (
    <div className="panel" data-drawn="" style={drawnAs(blockers.length > 0 ? 'trouble' : 'well')}>
      <Marked level={blockers.length > 0 ? 'trouble' : 'well'}>
        <b>{shown}</b>{' '}
        {blockers.length > 0
          ? 'would NOT be fenced: nothing comes back until that is seen to'
          : `would be fenced${after}`}
      </Marked>
      <ul className="findings">
        {blockers.map((each) => (
          <li key={each}>{each}</li>
        ))}
        {!seen && <li>The instances are not known.</li>}
        {unread.map((each) => (
          <li key={each}>Not seen, and may be needed of a destination: {each}</li>
        ))}
      </ul>
    </div>
  );
}

function Instances({
  instances,
  total,
  lastUpAtSeconds,
}: Pick<WhatIf, 'instances' | 'lastUpAtSeconds'> & { readonly total: number }) {
  const [outcome, setOutcome] = useState<string | null>(null);
  const found = instances.filter((each) => outcome === null || each.outcome === outcome);
  const cut =
    total > instances.length ? ` The server tells ${instances.length} of ${total}, those first that need a look.` : '';
  return (
    <section aria-labelledby="instances">
      <Title order={4} size="h5" id="instances">
        Instances, in the order in which they are asked for
      </Title>
      <Select
        label="Outcome"
        data={Object.entries(OUTCOME).map(([value, { words }]) => ({ value, label: words }))}
        value={outcome}
        onChange={setOutcome}
        placeholder="all"
        clearable
        maw={280}
        my="xs"
      />
      <Text size="sm" role="status">
        {found.length} {found.length === 1 ? 'instance' : 'instances'}
        {found.length > MOST && `, of which the first ${MOST} are shown`}.{cut}
      </Text>
      <Scrolls label="Instances by outcome">
        <Table striped className="rows" miw={900} aria-label="Instances">
          <Table.Thead>
            <Table.Tr>
              <Table.Th>Instance</Table.Th>
              <Table.Th>From</Table.Th>
              <Table.Th>Outcome</Table.Th>
              <Table.Th>On</Table.Th>
              <Table.Th>Down, then evacuated</Table.Th>
              <Table.Th>Because</Table.Th>
            </Table.Tr>
          </Table.Thead>
          <Table.Tbody>
            {found.slice(0, MOST).map((each) => (
              <InstanceRow key={each.id} instance={each} spanSeconds={lastUpAtSeconds ?? 1} />
            ))}
          </Table.Tbody>
        </Table>
      </Scrolls>
    </section>
  );
}

function InstanceRow({
  instance: { id, name, host, outcome, destination, times, because },
  spanSeconds,
}: {
  readonly instance: ForecastInstance;
  readonly spanSeconds: number;
}) {
  const part = (seconds: number): string => `${(100 * seconds) / Math.max(1, spanSeconds)}%`;
  return (
    <Table.Tr>
      <Table.Td title={id}>{name}</Table.Td>
      <Table.Td>{host}</Table.Td>
      <Table.Td>
        <OutcomeName outcome={outcome} />
      </Table.Td>
      <Table.Td>{destination ?? '–'}</Table.Td>
      <Table.Td>
        {times === null ? (
          '–'
        ) : (
          <div className="course">
            <div
              className="course-bar"
              style={{ left: part(times.startsAtSeconds), width: part(times.upAtSeconds - times.startsAtSeconds) }}
            />
            <span className="course-words">up after {lasting(times.upAtSeconds * 1000)}</span>
          </div>
        )}
      </Table.Td>
      <Table.Td>{because}</Table.Td>
    </Table.Tr>
  );
}
