import type { Crowded } from './crowd.ts';

/** How far an incident has been told, an item of its own. Times are Unix ms. */
export interface ToldIncident {
  readonly host: string;
  readonly hostKey: string;
  readonly segment: string;
  readonly openedAtMs: number;
  /** Number of the newest record that was read. */
  readonly seq: number;
  /** Channels that were told anything of it. */
  readonly channels: readonly string[];
  /** A guard holds it; told once, however its reasons change. */
  readonly held: {
    readonly sinceMs: number;
    readonly seq: number;
    readonly why: string;
    readonly gates: readonly string[];
    readonly told: boolean;
  } | null;
  /** Tries to fence it, or to tell Nova, that have failed in a row. */
  readonly failures: number;
  readonly fenced: boolean;
  readonly closed: boolean;
  /** A record of it could not be read, which was told: what else is to be told of it may be missing. */
  readonly blind?: boolean;
  /** How it is told with others; nothing while nothing was told. */
  readonly crowd?: Crowded;
}

export type Follows = Pick<ToldIncident, 'host' | 'hostKey' | 'segment' | 'openedAtMs'>;

export const notToldYet = ({ host, hostKey, segment, openedAtMs }: Follows): ToldIncident => ({
  host,
  hostKey,
  segment,
  openedAtMs,
  seq: 0,
  channels: [],
  held: null,
  failures: 0,
  fenced: false,
  closed: false,
});
