import { Progress, Table, Text } from '@mantine/core';
import { memo } from 'react';
import type { InstanceRow, OpenNow, Phase } from '#shared/domain/now/progress.ts';
import { clock, lasting, PHASE } from '../words.ts';
import { drawnIn, State } from './state.tsx';
import { Wide } from './wide.tsx';

const partsOf = (counts: OpenNow['counts']) => Object.entries(counts) as readonly (readonly [Phase, number])[];

/** How far the instances are, as one bar with a part for each phase. */
export function InstanceBar({ counts, total }: Pick<OpenNow, 'counts' | 'total'>) {
  const parts = partsOf(counts);
  if (total === 0) return <Text size="sm">Its instances are not planned yet.</Text>;
  return (
    <div>
      <Progress.Root size="lg" aria-hidden="true">
        {parts.map(([phase, count]) => (
          <Progress.Section
            key={phase}
            value={(100 * count) / total}
            color={`var(--mantine-color-${PHASE[phase].colour}-6)`}
            withAria={false}
          />
        ))}
      </Progress.Root>
      <p className="counts">
        {parts.map(([phase, count]) => (
          <State key={phase} look={PHASE[phase]}>
            {`${count} ${phase}`}
          </State>
        ))}
      </p>
    </div>
  );
}

/** Each instance as one small field: 200 of them fit on a screen. */
export function InstanceCells({ instances }: Pick<OpenNow, 'instances'>) {
  return (
    <ul className="cells" aria-label={`${instances.length} instances`}>
      {instances.map(({ instanceId, name, phase }) => (
        <Cell key={instanceId} name={name} phase={phase} />
      ))}
    </ul>
  );
}

const Cell = memo(function Cell({ name, phase }: Pick<InstanceRow, 'name' | 'phase'>) {
  return (
    <li data-phase={phase} title={`${name}: ${phase}`}>
      <span aria-hidden="true">{PHASE[phase].sign}</span>
      <span className="visually-hidden">{`${name}: ${phase}`}</span>
    </li>
  );
});

/** Of one instance: from when to when salvor was at it; Unix ms. */
export interface Stretch {
  readonly fromMs: number;
  readonly untilMs: number;
}

interface InstanceTableProps {
  readonly instances: readonly InstanceRow[];
  /** The whole width of a bar. */
  readonly scale?: Stretch | undefined;
  readonly stretches?: ReadonlyMap<string, Stretch>;
}

/** Each instance in a row, with a bar to scale where its times are known. */
export function InstanceTable({ instances, scale, stretches }: InstanceTableProps) {
  return (
    <Wide label="Instances, a table">
      <Table striped aria-label="Instances" miw={640}>
        <Table.Thead>
          <Table.Tr>
            <Table.Th>Instance</Table.Th>
            <Table.Th>State</Table.Th>
            <Table.Th>Destination</Table.Th>
            {scale !== undefined && (
              <Table.Th w="30%">{`From +0 s to +${lasting(scale.untilMs - scale.fromMs)}`}</Table.Th>
            )}
            <Table.Th>Attempts</Table.Th>
            <Table.Th>Ended</Table.Th>
            <Table.Th>Why</Table.Th>
          </Table.Tr>
        </Table.Thead>
        <Table.Tbody>
          {instances.map((each) => (
            <Row key={each.instanceId} instance={each} scale={scale} stretch={stretches?.get(each.instanceId)} />
          ))}
        </Table.Tbody>
      </Table>
    </Wide>
  );
}

interface RowProps {
  readonly instance: InstanceRow;
  readonly scale: Stretch | undefined;
  readonly stretch: Stretch | undefined;
}

const Row = memo(function Row({ instance, scale, stretch }: RowProps) {
  const { instanceId, name, phase, destination, attempts, endedAtMs, why } = instance;
  return (
    <Table.Tr>
      <Table.Td title={instanceId}>{name}</Table.Td>
      <Table.Td>
        <State look={PHASE[phase]}>{phase}</State>
      </Table.Td>
      <Table.Td>{destination ?? '–'}</Table.Td>
      {scale !== undefined && (
        <Table.Td>
          <Bar scale={scale} stretch={stretch} phase={phase} />
        </Table.Td>
      )}
      <Table.Td>{attempts}</Table.Td>
      <Table.Td>{endedAtMs === null ? '–' : clock(endedAtMs)}</Table.Td>
      <Table.Td>{why}</Table.Td>
    </Table.Tr>
  );
});

function Bar({ scale, stretch, phase }: { scale: Stretch; stretch: Stretch | undefined; phase: Phase }) {
  if (stretch === undefined) return '–';
  const span = Math.max(1, scale.untilMs - scale.fromMs);
  const left = (100 * (stretch.fromMs - scale.fromMs)) / span;
  const width = (100 * (stretch.untilMs - stretch.fromMs)) / span;
  return (
    <div className="stretch">
      <div
        className="stretch-bar"
        data-coloured=""
        style={{ ...drawnIn(PHASE[phase].colour), left: `${left}%`, width: `${width}%` }}
      />
      <span className="stretch-words">{lasting(stretch.untilMs - stretch.fromMs)}</span>
    </div>
  );
}
