import { Anchor, Button, Stack, Text, Title } from '@mantine/core';
import { useMemo, useState } from 'react';
import { Link } from 'wouter';
import { type Symptom, WHAT } from '#shared/domain/doctor/symptom.ts';
import { useLive } from '../live.ts';
import type { Health } from '../looking.ts';
import { drawnAs, Marked } from './level.tsx';

/** Of one kind, so many at once. */
const FEW = 8;
/** And so many for who wants more: one kind may be found of every host. */
const MOST = 300;

/** What was found, kind by kind, with what to do. */
export function Findings({ symptoms, remedies }: Pick<Health, 'symptoms' | 'remedies'>) {
  const { now } = useLive();
  const hosts = useMemo(() => new Set(now?.hosts.map(({ host }) => host)), [now]);
  const kinds = [...Map.groupBy(symptoms, ({ level, what }) => `${level} ${what}`)];
  return (
    <section aria-labelledby="findings">
      <Title order={3} size="h4" id="findings" mb="xs">
        What needs doing
      </Title>
      {kinds.length === 0 && <Text>Nothing.</Text>}
      <Stack gap="xs">
        {kinds.map(([key, own]) => (
          <Kind key={key} own={own} hosts={hosts} remedies={remedies} />
        ))}
      </Stack>
    </section>
  );
}

interface KindProps extends Pick<Health, 'remedies'> {
  readonly own: readonly Symptom[];
  readonly hosts: ReadonlySet<string>;
}

function Kind({ own, hosts, remedies }: KindProps) {
  const [all, setAll] = useState(false);
  const [first] = own;
  if (first === undefined) return null;
  const { level, what } = first;
  const remedy = remedies.find((each) => each.what === what)?.do;
  const shown = own.slice(0, all ? MOST : FEW);
  return (
    <div className="panel" data-drawn="" style={drawnAs(level)}>
      <Marked level={level}>
        <b>{capital(WHAT[what])}</b>
        {own.length > 1 && ` (${own.length})`}
      </Marked>
      {remedy !== undefined && (
        <Text size="sm" mt={4}>
          <b>Do:</b> {remedy}.
        </Text>
      )}
      <ul className="findings">
        {shown.map((each, index) => (
          // One and the same may be said twice of a host with two devices.
          // biome-ignore lint/suspicious/noArrayIndexKey: as said
          <li key={index}>
            <About about={each.about} isHost={hosts.has(each.about)} />: {each.says}
          </li>
        ))}
      </ul>
      {!all && own.length > FEW && (
        <Button variant="default" size="compact-sm" mt="xs" onClick={() => setAll(true)}>
          Show {Math.min(MOST, own.length) - FEW} more
        </Button>
      )}
      {all && own.length > MOST && (
        <Text size="sm">And {own.length - MOST} more: &quot;salvor doctor&quot; names all.</Text>
      )}
    </div>
  );
}

function About({ about, isHost }: { readonly about: string; readonly isHost: boolean }) {
  if (!isHost) return <b>{about}</b>;
  return (
    <Anchor component={Link} href={`/hosts/${encodeURIComponent(about)}`} size="sm" underline="always">
      {about}
    </Anchor>
  );
}

const capital = (text: string): string => text.charAt(0).toUpperCase() + text.slice(1);
