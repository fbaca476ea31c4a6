import { Anchor, Stack, Text, Title } from '@mantine/core';
import { Link } from 'wouter';
import { type Symptom, WHAT } from '#shared/domain/doctor/symptom.ts';
import { useLive } from '../live.ts';
import type { Health } from '../looking.ts';
import { drawnAs, Marked } from './level.tsx';

/** Of one kind, so many at once; the rest is folded away. */
const MOST = 8;

/** What was found, kind by kind, with what to do. */
export function Findings({ symptoms, remedies }: Pick<Health, 'symptoms' | 'remedies'>) {
  const kinds = [...Map.groupBy(symptoms, ({ level, what }) => `${level} ${what}`)];
  return (
    <section aria-labelledby="findings">
      <Title order={3} size="h4" id="findings" mb="xs">
        What needs doing
      </Title>
      {kinds.length === 0 && <Text>Nothing.</Text>}
      <Stack gap="xs">
        {kinds.map(([key, own]) => {
          const [first] = own;
          return (
            first && (
              <Kind key={key} first={first} own={own} what={remedies.find(({ what }) => what === first.what)?.do} />
            )
          );
        })}
      </Stack>
    </section>
  );
}

function Kind({
  first: { level, what: kind },
  own,
  what,
}: {
  readonly first: Symptom;
  readonly own: readonly Symptom[];
  readonly what: string | undefined;
}) {
  const rows = (some: readonly Symptom[]) =>
    some.map((each, index) => (
      // One and the same may be said twice of a host with two devices.
      // biome-ignore lint/suspicious/noArrayIndexKey: as said
      <li key={index}>
        <About about={each.about} />: {each.says}
      </li>
    ));
  return (
    <div className="panel" data-drawn="" style={drawnAs(level)}>
      <Marked level={level}>
        <b>{capital(WHAT[kind])}</b>
        {own.length > 1 && ` (${own.length})`}
      </Marked>
      {what !== undefined && (
        <Text size="sm" mt={4}>
          <b>Do:</b> {what}.
        </Text>
      )}
      <ul className="findings">{rows(own.slice(0, MOST))}</ul>
      {own.length > MOST && (
        <details>
          <summary>{own.length - MOST} more</summary>
          <ul className="findings">{rows(own.slice(MOST))}</ul>
        </details>
      )}
    </div>
  );
}

function About({ about }: Pick<Symptom, 'about'>) {
  const { now } = useLive();
  if (now?.hosts.some(({ host }) => host === about) !== true) return <b>{about}</b>;
  return (
    <Anchor component={Link} href={`/hosts/${encodeURIComponent(about)}`} size="sm">
      {about}
    </Anchor>
  );
}

const capital = (text: string): string => text.charAt(0).toUpperCase() + text.slice(1);
