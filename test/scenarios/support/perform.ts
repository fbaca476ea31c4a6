import { judgeOf } from '#cli/simulate/checks/all.ts';
import type { Violation } from '#cli/simulate/checks/check.ts';
import { perform } from './acts.ts';
import { byName } from './names.ts';
import { Page } from './page.ts';
import type { Play } from './play.ts';
import { sceneOf } from './scene.ts';
import { stageOf } from './stage.ts';
import { Teller } from './teller.ts';

export interface Performance {
  /** For people; the golden log of the scenario. */
  readonly log: string;
  /** The invariant that did not hold. */
  readonly violation: Violation | undefined;
  /** Hosts with an open incident at the end. */
  readonly open: readonly string[];
}

/** Performs a play, and judges every step of it. */
export async function performPlay(play: Play): Promise<Performance> {
  const simulation = stageOf(play);
  const { scheduler, log, states, world } = simulation;
  const page = new Page();
  const teller = new Teller(simulation, page, play.explain);
  const judge = judgeOf(simulation);
  for (const step of play.play)
    scheduler.after(step.at * 1000, () => {
      const told = perform(simulation, step);
      if (told !== undefined) page.add(simulation.elapsedMs, told);
      tellAll();
    });
  const start = sceneOf(world, 'start');
  // What stands on the stage already is in the scene.
  let next = log.happenings.length;
  const tellAll = (): void => {
    for (; next < log.happenings.length; next += 1) {
      const happening = log.happenings[next];
      if (happening !== undefined) teller.see(happening);
    }
  };
  simulation.start();
  let violation: Violation | undefined;
  await simulation.run(play.until * 1000, () => {
    tellAll();
    violation = judge.look();
    return violation === undefined;
  });
  const open = [...world.hosts.keys()].filter((name) => states.incidentOf(name) !== 'none').sort(byName);
  violation ??= await judge.atEnd(open);
  return { log: `${start}\n${page.render()}\n${sceneOf(world, 'end')}\n`, violation, open };
}
