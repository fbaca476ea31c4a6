import type { ComputeService } from '#shared/ports.ts';
import type { HostState, Incident } from '../host.ts';
import type { HostReadiness, ReadinessState } from '../readiness.ts';
import { wordsFor } from './host-words.ts';

/** A host in one word: the one that a person must know first. */
export type TileState =
  /** Up, enabled, and nothing is known against it. */
  | 'in-service'
  /** Nova sees it down, and there is no incident. */
  | 'down'
  /** Somebody has disabled it in Nova. */
  | 'disabled'
  /** Nova has it forced down, and nobody is at work on that. */
  | 'forced-down'
  /** Said to be down: the grace period runs. */
  | 'suspected'
  /** Said to be down, and not fenced: a gate is closed. */
  | 'held'
  | 'fencing'
  /** Proven off: its instances are being brought back. */
  | 'recovering'
  /** salvor has stopped: a person must look. */
  | 'stopped'
  | 'returning'
  | 'quarantine'
  | 'maintenance';

export interface Tile {
  readonly host: string;
  readonly hostKey: string;
  readonly segment: string | null;
  readonly zone: string;
  readonly state: TileState;
  /** A line each. */
  readonly why: readonly string[];
  /** Whether it could be fenced right now; null while its devices were never asked. */
  readonly fence: ReadinessState | null;
}

/** As the mirror of Nova has it. */
export interface MirroredHost {
  readonly host: string;
  readonly hostKey: string;
  readonly segment: string | null;
  readonly zone: string;
  readonly because: string;
  readonly service?: Pick<ComputeService, 'status' | 'disabledReason' | 'state' | 'forcedDown'>;
}

/** @param state undefined where nothing of it is open, and salvor has not just forced it down */
export function tileOf(known: MirroredHost, state: HostState | undefined, readiness: HostReadiness | undefined): Tile {
  const { host, hostKey, segment, zone } = known;
  const told = wordsFor(state);
  const [here, why] = hereNow(known, state);
  return {
    host,
    hostKey,
    segment,
    zone,
    state: here,
    why: [...(told?.why ?? []), ...why, ...(segment === null ? [`not protected: ${known.because}`] : [])],
    fence: readiness?.state ?? null,
  };
}

function hereNow({ service }: MirroredHost, state: HostState | undefined): readonly [TileState, readonly string[]] {
  const { incident = null, returning = null, maintenance = null } = state ?? {};
  if (incident !== null) return [ofIncident(incident), []];
  if (maintenance !== null) return ['maintenance', []];
  if (returning !== null)
    return [returning.quarantine !== null && returning.askedFor === null ? 'quarantine' : 'returning', []];
  if (state?.ours?.forcedDownAtMs !== undefined) return ['forced-down', []];
  if (service === undefined) return ['in-service', []];
  if (service.forcedDown) return ['forced-down', []];
  if (service.status === 'disabled')
    return ['disabled', service.disabledReason === null ? [] : [service.disabledReason]];
  return service.state === 'down' ? ['down', ['Nova sees it down, and nobody has reported it']] : ['in-service', []];
}

const OF_STATUS: { readonly [S in Incident['status']]: TileState } = {
  suspected: 'suspected',
  held: 'held',
  fencing: 'fencing',
  'forcing-down': 'recovering',
  planning: 'recovering',
  evacuating: 'recovering',
  'handing-over': 'recovering',
  stopped: 'stopped',
};
const ofIncident = ({ status }: Incident): TileState => OF_STATUS[status];
