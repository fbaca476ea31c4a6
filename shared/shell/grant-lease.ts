import { decideLease, type LeaseRequest } from '#shared/domain/watchdog.ts';
import type { Services } from '#shared/services.ts';
import { loadHost } from '#shared/state/hosts.ts';
import { loadWatchdog, watchdogWrite } from '#shared/state/watchdog.ts';
import type { KnownHost } from './known-hosts.ts';

/**
 * Grants a host the lease on which it feeds its watchdog. It is in the state before the answer leaves, so that nobody takes
 * the host for reset too early.
 * @throws ConflictError when the lease was revoked, or granted to another call, meanwhile: then none is granted.
 */
export async function grantLease(
  { state, policy, clock }: Services,
  host: KnownHost,
  request: LeaseRequest,
): Promise<{ readonly granted: true } | { readonly refused: string; readonly isRevoked: boolean }> {
  const before = await loadWatchdog(state, host.key);
  // The lease is read first: a proof that is made from here on writes it, and this write is refused.
  const incidentId = (await loadHost(state, host.key))?.value.incident?.id ?? null;
  const segment = policy.segments.find(({ name }) => name === host.segment);
  const { fencing } = segment ?? {};
  const of = { key: host.key, name: host.host, incidentId };
  const decision = decideLease(request, before?.value, of, fencing?.watchdog, clock.now());
  if ('refused' in decision) return decision;
  await state.transact([watchdogWrite(before, decision.lease)]);
  return { granted: true };
}
