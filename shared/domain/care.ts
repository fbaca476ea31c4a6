import type { SeenService } from './maintenance/decide-maintenance.ts';
import type { DrainSight, MaintenanceFact } from './maintenance/maintenance.ts';
import type { MoveFact } from './moves.ts';
import type { ReturnFact, ServiceFact } from './return/facts.ts';
import type { HomeSight } from './return/home.ts';
import type { ReturnSight } from './return/returning.ts';

/** What is done for a host that has no failure: its way back, and planned work. Goes to the host's own stream. */
export type CareFact = ReturnFact | ServiceFact | MoveFact | MaintenanceFact;

export const CARE_FACTS: Readonly<Record<CareFact['type'], true>> = {
  'return-opened': true,
  'return-asked': true,
  'return-waits': true,
  'return-still-waits': true,
  'power-on-intended': true,
  'power-on-answered': true,
  'power-on-found': true,
  'power-on-proven': true,
  'return-proving': true,
  'return-goes-on': true,
  'going-home-began': true,
  'home-left-out': true,
  'return-ended': true,
  'service-change-intended': true,
  'service-change-answered': true,
  'service-changed': true,
  'service-change-failed': true,
  'move-intended': true,
  'move-answered': true,
  'move-found': true,
  'move-ended': true,
  'maintenance-opened': true,
  'maintenance-began': true,
  'drain-paused': true,
  'maintenance-looked': true,
  drained: true,
  'maintenance-ended': true,
};

export const isCareFact = (fact: { readonly type: string }): fact is CareFact => Object.hasOwn(CARE_FACTS, fact.type);

/** What such a decision was made on: see `basis.ts`. */
export type CareBasis =
  /** `decideReturn`. */
  | { readonly by: 'return'; readonly atMs: number; readonly random: number; readonly sight: ReturnSight }
  /** `waitsBlind`. */
  | { readonly by: 'return-blind'; readonly atMs: number; readonly outage: string }
  /** `powerOnAnswered`. */
  | { readonly by: 'power-on'; readonly atMs: number; readonly random: number; readonly segment: string | null }
  /** `decideAfterChange`; null: Nova knows no such service, absent: it did not answer. */
  | {
      readonly by: 'service-change';
      readonly atMs: number;
      readonly random: number;
      readonly service?: SeenService | null;
      readonly segment: string | null;
    }
  /** `decideHome`. */
  | { readonly by: 'home'; readonly atMs: number; readonly random: number; readonly sight: HomeSight }
  /** `decideMoveAnswer`. */
  | { readonly by: 'move'; readonly atMs: number; readonly random: number }
  /** `decideDisabling`. */
  | { readonly by: 'disable'; readonly atMs: number; readonly random: number; readonly service: SeenService | null }
  /** `decideDraining`. */
  | { readonly by: 'drain'; readonly atMs: number; readonly random: number; readonly sight: DrainSight }
  /** `endsMaintenance`, when its time is over. */
  | {
      readonly by: 'maintenance-over';
      readonly atMs: number;
      readonly returnId: string;
      readonly segment: string | null;
    }
  /** `decideOnHost`. */
  | {
      readonly by: 'host-command';
      readonly atMs: number;
      readonly askedAtMs: number;
      readonly segment: string | null;
      readonly command: HostCommand;
    };

/** Of the command what the operators' stream does not hold. */
export interface HostCommand {
  readonly type: 'return' | 'maintenance-on' | 'maintenance-off';
  readonly id: string;
  readonly by: string;
  readonly reason: string;
  readonly drain?: boolean | undefined;
  readonly forSeconds?: number | undefined;
}
