import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { commandsOf } from '#shared/domain/commands.ts';
import { evolveHost } from '#shared/domain/evolve-host.ts';
import type { HostFact, HostState } from '#shared/domain/host.ts';
import { aHost, NOW_MS } from '#test/support/builders.ts';
import { FACTS, OPENED } from '#test/support/host-facts.ts';

/** Facts in any order; those that can't follow from the state are left out. */
const aStory = fc.array(fc.constantFrom<HostFact[]>(OPENED, ...Object.values(FACTS)), { maxLength: 80 });

const { stopped: _, dismissed: __, 'deadline-passed': ___, 'incident-closed': ____, ...goingOn } = FACTS;
/** Facts that let an incident go on, so that it comes far. */
const aLongStory = fc.array(fc.constantFrom<HostFact[]>(...Object.values(goingOn)), { minLength: 60, maxLength: 200 });

function statesOf(story: readonly HostFact[]): readonly HostState[] {
  const states: HostState[] = [aHost()];
  for (const fact of story) {
    const before = states.at(-1) ?? aHost();
    try {
      states.push(evolveHost(before, fact));
    } catch (error) {
      if (!(error instanceof Error && /is \S+, not|without an open|has an open/.test(error.message))) throw error;
    }
  }
  return states;
}

describe('an incident, whatever may happen to it', () => {
  it('asks for one step at most, of its own id and tick', () => {
    fc.assert(
      fc.property(aStory, (story) => {
        for (const host of statesOf(story)) {
          const commands = commandsOf(host, NOW_MS);
          const { incident } = host;
          expect(commands).toHaveLength(incident === null || incident.status === 'stopped' ? 0 : 1);
          for (const { message } of commands)
            expect(message).toMatchObject({ incidentId: incident?.id, tick: incident?.tick, hostKey: host.key });
        }
      }),
    );
  });

  it('never asks for the same tick twice for different steps: each step it takes makes all commands before it repeats', () => {
    fc.assert(
      fc.property(aStory, (story) => {
        const asked = new Map<string, string>();
        let incidents = 0;
        for (const host of statesOf(story)) {
          if (host.incident?.tick === 0) incidents += 1;
          for (const { message } of commandsOf(host, NOW_MS)) {
            if (!('tick' in message)) continue;
            const key = `${incidents} ${message.tick}`;
            expect(asked.get(key) ?? message.type).toBe(message.type);
            asked.set(key, message.type);
          }
        }
      }),
    );
  });

  it('reaches evacuations only with a proof, and by way of Nova’s own word that its host is down', () => {
    fc.assert(
      fc.property(aLongStory, (story) => {
        let path: string[] = [];
        for (const { incident } of statesOf([OPENED, ...story])) {
          if (incident === null) path = [];
          else path.push(incident.status);
          if (incident?.status !== 'evacuating') continue;
          expect(incident.proof.readAtMs).toBeGreaterThan(0);
          const steps = path.filter((status, index) => status !== path[index - 1]);
          const last = steps.slice(-4);
          expect(last).toEqual(['fencing', 'forcing-down', 'planning', 'evacuating']);
        }
      }),
      { numRuns: 1000 },
    );
  });

  it('does reach them in such stories', () => {
    const stories = fc.sample(aLongStory, { numRuns: 100, seed: 1 });
    const reached = stories.filter((story) =>
      statesOf([OPENED, ...story]).some(({ incident }) => incident?.status === 'evacuating'),
    );
    expect(reached.length).toBeGreaterThan(20);
  });
});
