import { type Access, endingsOf, type Within } from '../access.ts';
import { note, type Symptom, trouble } from './symptom.ts';

/** What lets salvor into its cloud, and fails soon or has. */
export function accessSymptoms(access: Access | undefined, within: Within, nowMs: number): readonly Symptom[] {
  if (access === undefined) return [];
  return endingsOf(access, within, nowMs).map(({ what, of, says, isOver }) => {
    if (what === 'certificate') return trouble('certificate', of, says);
    return isOver ? trouble('credentials-refused', of, says) : note('credentials', of, says);
  });
}
