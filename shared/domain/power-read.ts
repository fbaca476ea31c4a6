import type { TimedReading } from './fence-levels.ts';
import type { IncidentFact } from './host.ts';

/** Of a reading there is a record whatever comes of it: it may tell what became of a power-off (A1). */
export const powerRead = (reading: TimedReading): IncidentFact => {
  const { power, systemUuid, detail, durationMs, askedAtMs, askedEarlier, pending, levels } = reading;
  return {
    type: 'power-read',
    power,
    systemUuid,
    detail,
    durationMs,
    ...(askedEarlier === undefined ? {} : { askedAtMs }),
    ...(pending === undefined ? {} : { pending }),
    ...(levels === undefined ? {} : { levels }),
  };
};
