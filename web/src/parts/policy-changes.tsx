import { Stack, Text, Title } from '@mantine/core';
import type { PolicyChange } from '#shared/domain/policy-diff.ts';
import { drawnIn } from './state.tsx';

const KIND = {
  added: { sign: '+', colour: 'teal' },
  removed: { sign: '−', colour: 'red' },
  changed: { sign: '~', colour: 'blue' },
} as const;

/** What another policy would change, part by part. */
export function Changes({ changes }: { readonly changes: readonly PolicyChange[] }) {
  const fewer = changes.filter(({ guards }) => guards === 'fewer').length;
  const parts = [...Map.groupBy(changes, ({ path }) => partOf(path))];
  if (changes.length === 0) return <Text>It changes nothing: it says the same as the one in force.</Text>;
  return (
    <Stack gap="md">
      <Text>
        {changes.length} {changes.length === 1 ? 'change' : 'changes'} against the one in force
        {fewer > 0 && (
          <>
            , <b>{fewer} of them with fewer guards</b> before salvor acts
          </>
        )}
        .
      </Text>
      {parts.map(([part, own]) => (
        <section key={part} aria-label={part}>
          <Title order={4} size="h5" mb={4}>
            {part}
          </Title>
          <ul className="changes">
            {own.map((change) => (
              <Change key={change.path} change={change} part={part} />
            ))}
          </ul>
        </section>
      ))}
    </Stack>
  );
}

/** The segment, or the key at the left margin. */
function partOf(path: string): string {
  const [first = '', second = ''] = path.split('.');
  return first === 'segments' ? `segment ${second}` : first;
}

function Change({ change, part }: { readonly change: PolicyChange; readonly part: string }) {
  const { path, kind, before, after, means, guards } = change;
  const { sign, colour } = KIND[kind];
  const prefix = part.startsWith('segment ') ? `segments.${part.slice('segment '.length)}` : part;
  const key = path === prefix ? 'the whole' : path.slice(prefix.length + 1);
  return (
    <li className="change" style={drawnIn(guards === 'fewer' ? 'orange' : colour)}>
      <code>
        <span aria-hidden="true">{sign} </span>
        <span className="visually-hidden">{kind} </span>
        {key}: {before !== null && <del>{before}</del>}
        {before !== null && after !== null && ' → '}
        {after !== null && <ins>{after}</ins>}
      </code>
      {means !== null && (
        <Text size="sm">
          {guards !== null && <span className="guards">{guards} guards</span>}
          {guards !== null && ': '}
          {means}
        </Text>
      )}
    </li>
  );
}
