import { PROFILES, type Profile } from './profiles.ts';
import type { Budget } from './state.ts';

/** A profile with less of everything, for a test that takes seconds. */
export function small(name: string, budget: Budget, changes: Partial<Profile> = {}): Profile {
  const profile = PROFILES.find((each) => each.name === name);
  if (profile === undefined) throw new Error(`there is no profile ${name}`);
  return { ...profile, budget, ...changes };
}

/** Together the whole way, each kind of fault once. */
export const SMALL: readonly Profile[] = [
  small('fence-device', { down: 1, bmc: 1, nova: 1, switch: 0 }),
  small('fence-crash', { down: 1, crash: 1, switch: 0 }),
  small('fence-return', { down: 1, up: 1, power: 1, return: 1, switch: 0 }),
  small('fence-operator', { down: 1, command: 1, switch: 0 }),
  small('evacuate-nova', { nova: 1, failure: 1, switch: 0 }, { instances: { 'compute-1': 1 } }),
  small('evacuate-crash', { crash: 1, switch: 0 }, { instances: { 'compute-1': 1 } }),
  small('evacuate-duplicate', { duplicate: 1, pause: 1, switch: 0 }, { instances: { 'compute-1': 1 } }),
];
