import type { Verification } from '#shared/state/verify-audit.ts';
import type { CapacityView } from '#shared/views/capacity.ts';
import type { Failing } from '#shared/views/failing.ts';
import type { Health } from '#shared/views/health.ts';
import type { PolicyChecked, PolicyView } from '#shared/views/policy.ts';
import type { Coverage, ReportersView } from '#shared/views/reporters.ts';
import type { WhatIf } from '#shared/views/what-if.ts';
import { ask } from './api.ts';

/** What the API tells when somebody looks for it; nothing of it changes anything. */

export type { CapacityView, Coverage, Failing, Health, PolicyChecked, PolicyView, Verification, WhatIf };
export type Reporters = Omit<ReportersView, 'refused'> & {
  readonly refused: readonly Omit<ReportersView['refused'][number], 'sample'>[];
};

const get = async <T>(path: string): Promise<T> => (await (await ask(`/api/v1/${path}`)).json()) as T;
const post = async <T>(path: string, body: object): Promise<T> => {
  const headers = { 'content-type': 'application/json' };
  return (await (await ask(`/api/v1/${path}`, { method: 'POST', headers, body: JSON.stringify(body) })).json()) as T;
};

export const capacity = (): Promise<CapacityView> => get('capacity');
export const whatIf = (failing: Failing, live: boolean): Promise<WhatIf> =>
  post('what-if', { ...failing, ...(live ? { live } : {}) });
export const policy = (): Promise<PolicyView> => get('policy');
export const policyDiff = (text: string): Promise<PolicyChecked> => post('policy/diff', { text });
export const health = (): Promise<Health> => get('doctor');
export const reporters = (): Promise<Reporters> => get('reporters');
export const verification = (): Promise<Verification> => get('audit/verification');
