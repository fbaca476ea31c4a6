import type { QueueLook } from '#shared/ports.ts';
import { lasting, type Symptom, trouble } from './symptom.ts';

/** More than a burst of reports. */
const FULL = 1000;
/** Each function takes what waits within seconds. */
const OLD_MS = 120_000;
/** The SDK tells of a clock that is further off than that. */
const FAR_OFF_MS = 60_000;

/** What is wrong with the queues. @param clockOffMs how far the clock here is behind theirs */
export function queueSymptoms(queues: readonly QueueLook[], clockOffMs: number, nowMs: number): readonly Symptom[] {
  const found = queues.flatMap(({ name, waiting, oldestAtMs, deadLetters }) => {
    const ageMs = oldestAtMs === null ? 0 : nowMs - oldestAtMs;
    return [
      ...(waiting < FULL ? [] : [trouble('queue', name, `${waiting} messages wait`)]),
      ...(ageMs < OLD_MS ? [] : [trouble('queue', name, `a message waits for ${lasting(ageMs)}`)]),
      ...(deadLetters === 0
        ? []
        : [trouble('dead-letters', name, `${deadLetters} lie there: "salvor redrive" shows them`)]),
    ];
  });
  if (Math.abs(clockOffMs) <= FAR_OFF_MS) return found;
  const off = `the clock here is ${Math.round(Math.abs(clockOffMs) / 1000)} s ${clockOffMs < 0 ? 'ahead of' : 'behind'} that of SQS`;
  return [...found, trouble('clock', 'SQS', off)];
}
