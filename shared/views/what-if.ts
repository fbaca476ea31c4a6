import type { Assumed, Pace } from '#shared/domain/forecast/pace.ts';
import { type Counts, countedWith, countsOf, inShort, lastUpAtSeconds } from '#shared/domain/forecast/told.ts';
import type { CloudView } from '#shared/domain/forecast/view.ts';
import { type Forecast, whatIf } from '#shared/domain/forecast/what-if.ts';
import type { Policy } from '#shared/domain/policy.ts';
import type { Compute, StateReader } from '#shared/ports.ts';
import { loadStanding, loadView } from '#shared/shell/forecast-view.ts';
import { policyInForce } from '#shared/shell/policy-in-force.ts';
import { type Failing, hostsOf, mirroredAtMs } from './failing.ts';
import { viewOf } from './live-view.ts';
import { recordedPace } from './recorded-pace.ts';

/** What a failure would come to. Nothing was asked of a device, and nothing was done. */
export interface WhatIf extends Forecast {
  readonly asOf: string;
  /** When all instances had been listed; null: Nova was asked. Unix ms. */
  readonly mirroredAtMs: number | null;
  readonly pace: Pace;
  readonly counts: Counts;
  /** Since the first report; null where nothing is evacuated. */
  readonly lastUpAtSeconds: number | null;
  readonly inShort: string;
  /** Which of the times were measured, and which are assumed. */
  readonly countedWith: string;
}

/** What is taken where nothing is on record. */
export const ASSUMED: Assumed = { novaDownSeconds: 60, fencingSeconds: 30, evacuationSeconds: 60, rebuildSeconds: 120 };

interface Parts {
  readonly state: StateReader;
  /** The operator's. */
  readonly policy: Policy;
  /** Where Nova is asked, in place of what was mirrored. */
  readonly compute?: Compute | undefined;
}

/** @throws PermanentError for what is not known or not mirrored yet, RetryableError when Nova does not answer */
export async function foretell(
  { state, policy: own, compute }: Parts,
  failing: Failing,
  assumed: Assumed,
  nowMs: number,
): Promise<WhatIf> {
  const policy = await policyInForce(state, own);
  const { view, ...from } = await look(state, policy, failing, compute);
  const pace = await recordedPace(state, assumed);
  const standing = await loadStanding(state, policy);
  const forecast = whatIf(hostsOf(failing, view, policy), view, standing, policy, pace, nowMs);
  const { instances } = forecast;
  return {
    ...from,
    pace,
    ...forecast,
    counts: countsOf(instances),
    lastUpAtSeconds: lastUpAtSeconds(instances),
    inShort: inShort(instances),
    countedWith: countedWith(forecast, pace, policy),
  };
}

async function look(
  state: StateReader,
  policy: Policy,
  failing: Failing,
  compute: Compute | undefined,
): Promise<Pick<WhatIf, 'asOf' | 'mirroredAtMs'> & { readonly view: CloudView }> {
  if (compute !== undefined)
    return { view: await viewOf(compute, policy, failing), asOf: 'as Nova says now', mirroredAtMs: null };
  const atMs = await mirroredAtMs(state, policy);
  const view = await loadView(state, policy.cloud);
  return { view, asOf: `as mirrored; all hosts by ${new Date(atMs).toISOString()}`, mirroredAtMs: atMs };
}
