import { Button, Checkbox, Group, MultiSelect, SegmentedControl, Select } from '@mantine/core';
import { useState } from 'react';
import type { Failing, WhatIf } from '../looking.ts';

/** What may be chosen to fail. */
export interface Choices {
  readonly hosts: readonly string[];
  readonly racks: readonly string[];
  readonly zones: readonly string[];
  readonly segments: readonly string[];
}

export const KINDS = ['hosts', 'rack', 'zone', 'segment'] as const;
export type Kind = (typeof KINDS)[number];
const LABELS: { readonly [K in Kind]: string } = { hosts: 'Hosts', rack: 'Rack', zone: 'Zone', segment: 'Segment' };

export interface Chosen {
  readonly kind: Kind;
  readonly names: readonly string[];
  /** Nova is asked in place of what is mirrored. */
  readonly live: boolean;
}

export function failingOf({ kind, names }: Chosen): Failing | undefined {
  const [name] = names;
  if (name === undefined) return undefined;
  switch (kind) {
    case 'hosts':
      return { hosts: names };
    case 'rack':
      return { rack: name };
    case 'zone':
      return { zone: name };
    case 'segment':
      return { segment: name };
  }
}

/** As it is told: "compute-1, compute-2", "zone nova". */
export const named = ({ kind, names }: Chosen, { hosts }: Pick<WhatIf, 'hosts'>): string =>
  kind === 'hosts' ? names.join(', ') : `${kind} ${names[0]} (${hosts.length} hosts)`;

/** Who asks what would happen says first what fails. */
export function FailingForm({
  choices,
  first,
  busy,
  onAsk,
}: {
  readonly choices: Choices;
  readonly first: Chosen;
  readonly busy: boolean;
  readonly onAsk: (chosen: Chosen) => void;
}) {
  const [chosen, setChosen] = useState(first);
  const { kind, names, live } = chosen;
  const data = kind === 'hosts' ? choices.hosts : choices[`${kind}s`];
  const choose = (some: readonly string[]) => setChosen({ ...chosen, names: some });
  return (
    <form
      onSubmit={(event) => {
        event.preventDefault();
        onAsk(chosen);
      }}
    >
      <SegmentedControl
        aria-label="What fails"
        data={KINDS.map((value) => ({ value, label: LABELS[value] }))}
        value={kind}
        onChange={(value) => setChosen({ ...chosen, kind: value as Kind, names: [] })}
        mb="sm"
      />
      <Group align="flex-end" gap="md">
        {kind === 'hosts' ? (
          <MultiSelect
            label="Hosts that fail together"
            placeholder={names.length === 0 ? 'Name' : ''}
            data={[...data]}
            value={[...names]}
            onChange={choose}
            searchable
            limit={50}
            hidePickedOptions
            flex="1 1 18rem"
            maw={520}
          />
        ) : (
          <Select
            label={LABELS[kind]}
            placeholder={data.length === 0 ? 'The policy names none' : 'Name'}
            data={[...data]}
            value={names[0] ?? null}
            onChange={(name) => choose(name === null ? [] : [name])}
            searchable
            limit={50}
            flex="1 1 18rem"
            maw={520}
          />
        )}
        <Button type="submit" disabled={names.length === 0} loading={busy}>
          See what would happen
        </Button>
      </Group>
      <Checkbox
        mt="sm"
        label="Ask Nova now, in place of what is mirrored"
        checked={live}
        onChange={(event) => setChosen({ ...chosen, live: event.currentTarget.checked })}
      />
    </form>
  );
}
