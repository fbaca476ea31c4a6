import { SCHEDULES } from '#events/catalog.ts';
import { endingsOf } from '#shared/domain/access.ts';
import { LONGEST_CALL_SECONDS } from '#shared/domain/policy-devices.ts';
import { troublesOf } from '#shared/domain/readiness-troubles.ts';
import { scheduledHandler } from '#shared/lambda/handler.ts';
import type { Services } from '#shared/services.ts';
import { lookAtAccess } from '#shared/shell/look-at-access.ts';
import { surveyShare } from '#shared/shell/survey.ts';

/** For what is written behind the last answer. */
const WRITING_SECONDS = 5;
const ASKING_SECONDS = SCHEDULES['survey-devices'].functionTimeoutSeconds - LONGEST_CALL_SECONDS - WRITING_SECONDS;

/**
 * Asks every fence device for the power of its host, a share of them in each run, and binds each to its host, so that what
 * would fail is known before it is needed. Says each minute which hosts could not be fenced right now, and what will not let
 * salvor into its cloud for long.
 */
export async function surveyDevices(services: Services): Promise<number> {
  const { clock } = services;
  const untilMs = clock.now() + ASKING_SECONDS * 1000;
  const [asked] = await Promise.all([askDevices(services, untilMs), tellEndings(services)]);
  return asked;
}

async function askDevices(services: Services, untilMs: number): Promise<number> {
  const { policy, clock, log } = services;
  if (policy.survey.everySeconds === 0) return 0;
  const { asked, readiness } = await surveyShare(services, untilMs);
  const { notFenceable, weak } = troublesOf(readiness, policy.survey, clock.now());
  // Alarms look for `fact`: infra/cdk/incident-alarms.ts.
  if (notFenceable.length > 0)
    log.warn('hosts could not be fenced right now', { fact: 'not-fenceable', ...named(notFenceable) });
  if (weak.length > 0) log.warn('fence devices are failing', { fact: 'fencing-weak', ...named(weak) });
  return asked;
}

/** What lets salvor itself into its cloud. */
async function tellEndings(services: Services): Promise<void> {
  const { policy, clock, log } = services;
  const access = await lookAtAccess(services);
  const endings = access === undefined ? [] : endingsOf(access, policy.survey, clock.now());
  if (endings.length === 0) return;
  const said = endings.map(({ of, says }) => ({ of, because: says }));
  log.warn('what lets salvor into its cloud is about to fail', { fact: 'access-ending', endings: said });
}

/** As many as a line of the log can hold. */
const NAMED = 20;
const named = <T>(troubles: readonly T[]) => ({ count: troubles.length, hosts: troubles.slice(0, NAMED) });

export const handler = scheduledHandler('survey-devices', surveyDevices);
