import type { SegmentCapacity } from '../forecast/capacity.ts';
import type { Policy } from '../policy.ts';
import type { Round } from '../rounds.ts';
import { lateRound } from './late-round.ts';
import { note, type Symptom, trouble } from './symptom.ts';

/** What the forecast has on record. */
export function capacitySymptoms(
  capacity: readonly SegmentCapacity[],
  round: Round | undefined,
  { forecast }: Policy,
  nowMs: number,
): readonly Symptom[] {
  if (forecast.everySeconds === 0)
    return [note('forecast-late', 'salvor', 'no instances are listed beforehand: forecast.everySeconds is 0')];
  const late = lateRound('mirror-instances', round, forecast.everySeconds, nowMs);
  return [
    ...(late === undefined ? [] : [trouble('forecast-late', 'salvor', late)]),
    ...capacity.flatMap(({ segment, one, two }) => {
      if (one.worst !== null)
        return [
          trouble(
            'capacity',
            segment,
            `without ${one.worst.hosts[0]}, ${one.worst.without} instances (${one.worst.memoryMb} MB) have no room`,
          ),
        ];
      if (two.worst === null) return [];
      const { hosts, without, memoryMb } = two.worst;
      return [
        note('capacity', segment, `without ${hosts.join(' and ')}, ${without} instances (${memoryMb} MB) have no room`),
      ];
    }),
  ];
}
