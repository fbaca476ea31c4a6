import { type Candidate, contenders, pickDestination, type Wanting } from './destinations.ts';
import type { Segment } from './policy.ts';

export type Destination =
  | { readonly to: 'host'; readonly host: string }
  /** A reserved host, which must be enabled for it. */
  | { readonly to: 'reserved-host'; readonly host: string }
  /** None that salvor knows would do, so Nova's scheduler is asked. */
  | { readonly to: 'scheduler'; readonly because: string }
  /** It waits until there is one. */
  | { readonly to: 'nowhere'; readonly because: string };

/** Where to choose from. */
export interface Hosts {
  readonly candidates: readonly Candidate[];
  /** Reserved hosts that are disabled yet. */
  readonly asleep: readonly Candidate[];
}

/** Every host that would do has its share of evacuations in flight. */
interface Full {
  readonly to: 'full';
}

/** After so many that Nova refused, its scheduler is asked: it looks at more than salvor does. */
const REFUSALS = 2;

/** Where an instance goes by the policy's method; the scheduler, which knows more hosts, when no host here would do. */
export function choose(
  hosts: Hosts,
  wanting: Wanting,
  maxInFlightPerDestination: number,
  { method, otherwise }: Segment['destinations'],
): Destination | Full {
  const { refusedBy = [] } = wanting;
  const mayAsk = method !== 'reserved_host' && otherwise === 'scheduler';
  if (mayAsk && refusedBy.length >= REFUSALS)
    return { to: 'scheduler', because: `Nova refused ${refusedBy.join(', ')}` };
  let because = '';
  for (const { among, to } of inTurn(hosts, method)) {
    const picked = pickDestination(among, wanting, maxInFlightPerDestination);
    if (picked.pick === 'host') return { to, host: picked.host };
    if (picked.pick === 'full') return { to: 'full' };
    // The last ones are told of: reserved hosts that are not there are no news.
    if (because === '' || among.length > 0) because = picked.because;
  }
  return { to: mayAsk ? 'scheduler' : 'nowhere', because };
}

/** Those of the hosts by which the same is chosen again. */
export function contending<T extends Candidate>(
  { candidates, asleep }: { readonly candidates: readonly Candidate[]; readonly asleep: readonly T[] },
  wanting: Wanting,
  maxInFlightPerDestination: number,
  { method }: Segment['destinations'],
): { readonly candidates: readonly Candidate[]; readonly asleep: readonly T[] } {
  const kept = new Set(
    inTurn({ candidates, asleep }, method)
      .flatMap(({ among }) => contenders(among, wanting, maxInFlightPerDestination))
      .map(({ host }) => host),
  );
  const isKept = ({ host }: Candidate): boolean => kept.has(host);
  return { candidates: candidates.filter(isKept), asleep: asleep.filter(isKept) };
}

interface Turn {
  readonly among: readonly Candidate[];
  readonly to: 'host' | 'reserved-host';
}

/** Masakari's methods; a reserved host that was enabled is a host like any other. */
function inTurn({ candidates, asleep }: Hosts, method: Segment['destinations']['method']): readonly Turn[] {
  const all: Turn = { among: candidates, to: 'host' };
  const awake: Turn = { among: candidates.filter(({ reserved }) => reserved), to: 'host' };
  const kept: Turn = { among: asleep, to: 'reserved-host' };
  switch (method) {
    case 'auto':
      return [all];
    case 'reserved_host':
      return [awake, kept];
    case 'auto_priority':
      return [all, kept];
    case 'rh_priority':
      return [awake, kept, all];
  }
}
