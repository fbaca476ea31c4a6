import { setTimeout } from 'node:timers/promises';
import type { ScheduleName, ScheduleSpec } from '#events/catalog.ts';
import { runScheduled } from '#shared/lambda/handler.ts';
import type { Services } from '#shared/services.ts';
import { messageOf, within } from './deadline.ts';
import type { Functions } from './functions.ts';

export type ScheduleSpecs = Readonly<Record<ScheduleName, ScheduleSpec>>;

export interface Schedules {
  /** Resolves when every run has ended or is out of time. */
  stop(): Promise<void>;
}

/** Runs each scheduled function at its beat, the first time one beat from now, and never twice at once. */
export function startSchedules(specs: ScheduleSpecs, functions: Functions, services: Services): Schedules {
  const stopping = new AbortController();

  async function keepBeat(name: ScheduleName): Promise<void> {
    const { everySeconds, embeddedEverySeconds = everySeconds, functionTimeoutSeconds } = specs[name];
    while (await pause(embeddedEverySeconds, stopping.signal)) {
      try {
        await within(functionTimeoutSeconds, runScheduled(functions[name], services));
      } catch (error) {
        services.log.error('a scheduled function failed', { function: name, error: messageOf(error) });
      }
    }
  }

  const ended = Promise.all((Object.keys(specs) as ScheduleName[]).map(keepBeat));
  return {
    stop: async () => {
      stopping.abort();
      await ended;
    },
  };
}

/** @returns whether the time passed; false when it was cut short. */
const pause = (seconds: number, signal: AbortSignal): Promise<boolean> =>
  setTimeout(seconds * 1000, true, { signal }).catch(() => false);
