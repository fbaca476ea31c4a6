import type { Aggregate, ComputeService, Hypervisor, Port, Server, ServerGroup } from '#shared/ports.ts';
import type { OpenIncident } from '../gates/gather.ts';
import type { GuardState } from '../guards.ts';
import type { HostReadiness } from '../readiness.ts';
import type { SeenMigration, SeenServer, Signs } from '../seen.ts';
import type { Beat } from '../settling.ts';

/** A cloud as it was read at one time, mirrored or live: what a forecast is made of. */
export interface CloudView {
  readonly services: readonly ComputeService[];
  readonly hypervisors: readonly Hypervisor[];
  readonly aggregates: readonly Aggregate[];
  readonly groups: readonly ServerGroup[];
  /** By host. A host that is missing was not looked at. */
  readonly instances: ReadonlyMap<string, HostInstances>;
  /** The host of each instance that is on one, as far as server groups need it. */
  readonly whereabouts: ReadonlyMap<string, string>;
}

export interface HostInstances {
  readonly servers: readonly ForecastServer[];
  /** By instance. */
  readonly signs: ReadonlyMap<string, Signs>;
  readonly evacuations: readonly SeenMigration[];
  readonly otherMigrations: readonly SeenMigration[];
  /** What could not be read of them, in words; absent where all was. */
  readonly unread?: readonly string[];
}

export type ForecastServer = SeenServer &
  Pick<Server, 'pinnedZone' | 'imageProperties'> & {
    /** Those that were read; absent: none. */
    readonly ports?: readonly Pick<Port, 'vnicType' | 'isGuaranteed'>[];
  };

/** What salvor itself has on record. */
export interface Standing {
  /** By host. */
  readonly readiness: ReadonlyMap<string, HostReadiness>;
  /** By segment. */
  readonly guards: ReadonlyMap<string, GuardState>;
  readonly globalGuard: GuardState;
  readonly openIncidents: readonly OpenIncident[];
  /** Hosts that have failed, are on their way back, or are worked on: no reserved one of them is enabled. */
  readonly inHand: ReadonlySet<string>;
  readonly beat: Beat | null;
  /** Evacuations in flight, by destination. */
  readonly inFlightTo: Readonly<Record<string, number>>;
}

/** What of the room of others is spoken for. */
export type Taken = Pick<Standing, 'openIncidents' | 'inHand' | 'inFlightTo'>;
