import type { Policy } from './policy.ts';
import { lateRestarts } from './process-recovery/first.ts';
import { proofNote } from './slow-agents.ts';

/** What is allowed, and whoever has written it should know. */
export function policyNotes({ segments, fenceDevices, masakari }: Policy): readonly string[] {
  const template = masakari?.segmentDefaults;
  const own = segments.map((each) => ({ ...each, of: `segment ${each.name}` }));
  const all = template === undefined ? own : [...own, { ...template, of: 'segmentDefaults' }];
  const late = all.flatMap(({ of, processRecovery }) => {
    const note = lateRestarts(processRecovery);
    return note === undefined ? [] : [`${of}: ${note}`];
  });
  const slow = proofNote(fenceDevices, segments);
  return slow === undefined ? late : [...late, slow];
}
