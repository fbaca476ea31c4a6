import type { DatedHappening } from '../engine/log.ts';
import type { Simulation } from '../engine/simulation.ts';
import { segmentsOf } from '../owed.ts';
import { auditTellsAll } from './a1-audit.ts';
import { Around } from './around.ts';
import type { Check, Scene, Violation } from './check.ts';
import { destinationsAreFit } from './destinations.ts';
import { HostHistories } from './history.ts';
import { Incidents } from './intents.ts';
import { everythingEnds } from './l1-ends.ts';
import { whatIsFitIsEvacuated } from './l1-left.ts';
import { whatIsOwedIsDone } from './l1-recovers.ts';
import { People } from './people.ts';
import { Releases } from './releases.ts';
import { Reports } from './reports.ts';
import { reservedHostsRest } from './reserved-hosts.ts';
import { Returns } from './returns.ts';
import { noTwoCopies } from './s0-two-copies.ts';
import { powerOnOnlyWhenNobodyNeedsItOff } from './s1-power-on.ts';
import { proofBeforeEvacuation } from './s1-proof.ts';
import { stoppedSegmentsRest } from './s1-stops.ts';
import { powerOffOnlyTheDead } from './s2-power.ts';
import { oneIncidentPerHost } from './s3-one-incident.ts';
import { oneEvacuationAtATime } from './s4-one-evacuation.ts';
import { noRestartInTheWay } from './s4-restarts.ts';
import { guardsHold } from './s5-guards.ts';
import { salvorItselfCanSee } from './s5-sight.ts';
import { stormLimits } from './s5-storm.ts';
import { enoughWitnesses } from './s5-witnesses.ts';
import { noHostGivenBack } from './s6-give-back.ts';
import { noDiskIsLost } from './s7-disks.ts';
import { startedFromSnapshotsOnly } from './s7-snapshots.ts';
import { Switches } from './switches.ts';
import { Truth } from './truth.ts';
import { noDefect } from './x1-defects.ts';

const CHECKS: readonly ((scene: Scene) => Check)[] = [
  noTwoCopies,
  proofBeforeEvacuation,
  stoppedSegmentsRest,
  powerOnOnlyWhenNobodyNeedsItOff,
  powerOffOnlyTheDead,
  oneIncidentPerHost,
  oneEvacuationAtATime,
  noRestartInTheWay,
  stormLimits,
  guardsHold,
  enoughWitnesses,
  salvorItselfCanSee,
  noHostGivenBack,
  reservedHostsRest,
  destinationsAreFit,
  noDiskIsLost,
  startedFromSnapshotsOnly,
  auditTellsAll,
  everythingEnds,
  whatIsFitIsEvacuated,
  whatIsOwedIsDone,
  noDefect,
];

export interface Judge {
  /** Looks at what has happened since it looked last. */
  look(): Violation | undefined;
  /** Looks at the whole once all has come to an end, but for hosts whose incidents wait for a person. */
  atEnd(waiting?: readonly string[]): Promise<Violation | undefined>;
}

/** Judges every happening of a simulation by every invariant. */
export function judgeOf(simulation: Simulation): Judge {
  const { log } = simulation;
  const histories = new HostHistories(simulation, (host) => segmentsOf(simulation, host).length === 1);
  const incidents = new Incidents();
  const around = new Around(simulation, histories, incidents);
  const switches = new Switches();
  const releases = new Releases();
  const reports = new Reports();
  const returns = new Returns(simulation);
  const truth = new Truth(simulation);
  const people = new People(incidents);
  const scene: Scene = {
    simulation,
    histories,
    incidents,
    around,
    switches,
    releases,
    reports,
    returns,
    truth,
    people,
    segmentsOf: (host) => segmentsOf(simulation, host),
  };
  const checks = CHECKS.map((make) => make(scene));
  let looked = 0;

  const violation = ({ id, sentence }: Check, what: string, atMs: number): Violation => ({ id, sentence, what, atMs });
  const seeOne = (happening: DatedHappening): Violation | undefined => {
    histories.see(happening);
    incidents.follow(happening);
    switches.follow(happening);
    releases.follow(happening);
    reports.follow(happening);
    returns.follow(happening);
    truth.follow(happening);
    people.follow(happening);
    for (const check of checks) {
      const what = check.see?.(happening);
      if (what !== undefined) return violation(check, what, happening.atMs);
    }
    around.follow(happening);
    return undefined;
  };
  return {
    look: () => {
      for (; looked < log.happenings.length; looked += 1) {
        const happening = log.happenings[looked];
        const broken = happening && seeOne(happening);
        if (broken !== undefined) return broken;
      }
      return undefined;
    },
    atEnd: async (waiting = []) => {
      for (const check of checks) {
        const [what] = (await check.atEnd?.(waiting)) ?? [];
        if (what !== undefined) return violation(check, what, simulation.scheduler.now());
      }
      return undefined;
    },
  };
}
