import { Anchor, Group, SegmentedControl, Text, Title } from '@mantine/core';
import { useMemo, useState } from 'react';
import type { PolicyView } from '../looking.ts';
import { type PolicyPart, partsOf } from '../outline.ts';

/** A part with more lines is opened by whoever wants it. */
const LONG = 120;
/** Of more lines keys are not told from values. */
const MOST_MARKED = 400;

/** The policy in force, part by part, with an outline that leads to each. */
export function PolicyText({ policy }: { readonly policy: PolicyView }) {
  const [which, setWhich] = useState<'short' | 'yaml'>('short');
  const parts = useMemo(() => partsOf(policy[which]), [policy, which]);
  return (
    <section aria-labelledby="in-force">
      <Group justify="space-between" mb="sm">
        <Title order={3} size="h4" id="in-force">
          In force
        </Title>
        <SegmentedControl
          aria-label="How much of it"
          data={[
            { value: 'short', label: 'What is not default' },
            { value: 'yaml', label: 'With all defaults' },
          ]}
          value={which}
          onChange={(value) => setWhich(value === 'yaml' ? 'yaml' : 'short')}
        />
      </Group>
      <div className="with-outline">
        <nav className="outline" aria-label="Parts of the policy">
          <ul>
            {parts.map(({ id, title }) => (
              <li key={id}>
                <Anchor href={`#${id}`} size="sm" onClick={() => openPart(id)}>
                  {title}
                </Anchor>
              </li>
            ))}
          </ul>
        </nav>
        <div>
          {parts.map((each) => (
            <Part
              key={`${which} ${each.id}`}
              part={each}
              isMade={policy.made.includes(each.title.replace('segment ', ''))}
            />
          ))}
          <Text size="sm" c="dimmed" mt="sm">
            The audit names it {policy.id}. Secrets are only names in it.
          </Text>
        </div>
      </div>
    </section>
  );
}

/** The link leads to it; closed it would show nothing. */
function openPart(id: string): void {
  const found = document.getElementById(id);
  if (found instanceof HTMLDetailsElement) found.open = true;
}

function Part({
  part: { id, title, text, lines, names },
  isMade,
}: {
  readonly part: PolicyPart;
  readonly isMade: boolean;
}) {
  const [open, setOpen] = useState(lines <= LONG);
  return (
    <details className="part" id={id} open={open} onToggle={(event) => setOpen(event.currentTarget.open)}>
      <summary>
        <Title order={4} size="h5">
          {title}
        </Title>{' '}
        {isMade && (
          <Text span size="sm">
            made through the Masakari API
          </Text>
        )}
        <Text span size="sm" c="dimmed">
          {names.length > 0 ? `${names.length} hosts` : lines > LONG ? `${lines} lines` : ''}
        </Text>
      </summary>
      {open && (
        // Who reads by keyboard scrolls it (WCAG 2.1.1).
        // biome-ignore lint/a11y/noNoninteractiveTabindex: as said
        <section className="yaml" tabIndex={0} aria-label={`${title} as YAML`}>
          <pre>{lines > MOST_MARKED ? text : <Keys text={text} />}</pre>
        </section>
      )}
    </details>
  );
}

/** Keys and values apart. */
function Keys({ text }: { readonly text: string }) {
  return (
    <code>
      {text.split('\n').map((line, index) => {
        const [, before = '', rest = line] = /^(\s*(?:- )?"?[\w.*:/-]+"?:)( .*|$)/.exec(line) ?? [];
        return (
          // The lines of a text have no other name than their number.
          // biome-ignore lint/suspicious/noArrayIndexKey: as said
          <span key={index}>
            <b>{before}</b>
            {rest}
            {'\n'}
          </span>
        );
      })}
    </code>
  );
}
