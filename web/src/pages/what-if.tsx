import { Stack, Title } from '@mantine/core';
import { useQuery } from '@tanstack/react-query';
import { useSearchParams } from 'wouter';
import { useLive } from '../live.ts';
import { capacity, whatIf } from '../looking.ts';
import { Asked } from '../parts/asked.tsx';
import { Capacity } from '../parts/capacity.tsx';
import { type Choices, type Chosen, FailingForm, failingOf, KINDS, named } from '../parts/failing.tsx';
import { ForecastTold } from '../parts/forecast.tsx';

/** Whether there is room for a failure, and what one would come to. The address says which, for who is sent there. */
export default function WhatIfPage() {
  const { now } = useLive();
  const [params, setParams] = useSearchParams();
  const chosen = chosenIn(params);
  const failing = failingOf(chosen);
  const room = useQuery({ queryKey: ['capacity'], queryFn: capacity, refetchInterval: 60_000 });
  const told = useQuery({
    queryKey: ['what-if', failing, chosen.live, params.get('at')],
    queryFn: () => (failing === undefined ? Promise.reject(new Error('nothing fails')) : whatIf(failing, chosen.live)),
    enabled: failing !== undefined,
    retry: false,
  });
  const hosts = now?.hosts ?? [];
  const choices: Choices = {
    hosts: hosts.map(({ host }) => host),
    racks: room.data?.racks.map(({ name }) => name) ?? [],
    zones: [...new Set(hosts.map(({ zone }) => zone))].sort(),
    segments: now?.segments.map(({ segment }) => segment) ?? [],
  };
  return (
    <Stack gap="xl">
      <Title order={2}>Capacity and what-if</Title>
      <Asked of={room}>{(data) => <Capacity capacity={data} />}</Asked>
      <section aria-labelledby="what-if">
        <Title order={3} size="h4" id="what-if" mb="xs">
          What if it failed now?
        </Title>
        <FailingForm
          choices={choices}
          first={chosen}
          busy={told.isFetching}
          onAsk={(next) => setParams(paramsOf(next), { replace: false })}
        />
      </section>
      {failing !== undefined && (
        <Asked of={told}>{(data) => <ForecastTold title={named(chosen, data)} told={data} />}</Asked>
      )}
    </Stack>
  );
}

function chosenIn(params: URLSearchParams): Chosen {
  const kind = KINDS.find((each) => params.has(each)) ?? 'hosts';
  return { kind, names: params.getAll(kind), live: params.has('live') };
}

/** The time makes another question of the same one. */
const paramsOf = ({ kind, names, live }: Chosen): URLSearchParams =>
  new URLSearchParams([
    ...names.map((name) => [kind, name]),
    ...(live ? [['live', '']] : []),
    ['at', String(Date.now())],
  ]);
