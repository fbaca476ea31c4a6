import { Group, Text, Title } from '@mantine/core';
import type { NowView } from '../api.ts';
import { useServerTime } from '../live.ts';
import { type Look, lasting, many } from '../words.ts';
import { Ask } from './ask.tsx';
import { drawnIn } from './state.tsx';

/** `sweep` renews the beat each minute: when two are missing, nobody is at work. */
const SILENT_MS = 180_000;

/** The three answers, in one sentence that changes only when one of them does. */
export function Headline({ now }: { readonly now: NowView }) {
  const { incidents, needs, hosts, segments, others, disarmed } = now;
  const { colour, sign } = lookOf(now);
  const down =
    incidents.length === 0 ? 'Nothing is down' : `${many(incidents.length, 'host is', 'hosts are')} in trouble`;
  const wants =
    needs.length === 0
      ? 'nothing needs you'
      : `${needs.length === 1 ? 'one thing needs' : `${needs.length} things need`} you`;
  const single = [
    ...(others.instances > 0 ? [`${many(others.instances, 'instance')} that failed alone`] : []),
    ...(others.processes > 0 ? [`processes of ${many(others.processes, 'host')}`] : []),
  ];
  return (
    <section className="headline" data-coloured="" style={drawnIn(colour)} aria-label="At a glance">
      <Title order={2} aria-live="polite">
        <span aria-hidden="true">{sign} </span>
        {down}, {wants}.
      </Title>
      <Group justify="space-between" gap="xs">
        <Text size="sm">
          {many(hosts.length, 'host')} in {many(segments.length, 'segment')}.
          {single.length > 0 && ` Also open: ${single.join(' and ')}.`} <Beat now={now} />
        </Text>
        {!disarmed.some(({ name }) => name === 'global') && (
          <Ask
            label="Disarm everything"
            colour="gray"
            does="salvor fences nobody and evacuates nothing until somebody arms it again. It goes on watching, and tells what it would have done."
            command={{ type: 'disarm' }}
          />
        )}
      </Group>
    </section>
  );
}

function Beat({ now: { beat } }: { readonly now: NowView }) {
  const nowMs = useServerTime();
  if (beat === null) return 'salvor has not run yet.';
  const silentMs = nowMs - beat.lastMs;
  if (silentMs > SILENT_MS) return <b>{`⚠ salvor itself has not run for ${lasting(silentMs)}: nobody is watching.`}</b>;
  return `salvor is at work, for ${lasting(nowMs - beat.runningSinceMs)} without a gap.`;
}

function lookOf({ incidents, needs, disarmed }: NowView): Look {
  if (needs.length > 0) return { colour: 'red', sign: '!' };
  if (incidents.length > 0) return { colour: 'blue', sign: '⟳' };
  return disarmed.length > 0 ? { colour: 'orange', sign: '‖' } : { colour: 'teal', sign: '✓' };
}
