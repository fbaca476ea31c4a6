import { PROFILES, type Profile } from './profiles.ts';
import type { Outcome } from './report.ts';
import { search } from './search.ts';
import { type Sabotage, smallWorld } from './small-world.ts';

const MAX_STATES = 8_000_000;

/** Searches one of the profiles, by its name. */
export function searchProfile(name: string): Promise<Outcome> {
  const profile = PROFILES.find((each) => each.name === name);
  if (profile === undefined) throw new Error(`there is no profile ${name}, but ${PROFILES.map((each) => each.name)}`);
  return searchWorld(profile);
}

export async function searchWorld(profile: Profile, sabotage?: Sabotage): Promise<Outcome> {
  const startedMs = performance.now();
  const { world, initial } = await smallWorld(profile, sabotage);
  const found = await search(world, profile.bounds, initial, { states: MAX_STATES });
  const seconds = Math.round((performance.now() - startedMs) / 100) / 10;
  return { profile: profile.name, found, replays: world.runs.replays, seconds };
}
