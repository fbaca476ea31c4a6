import { type Access, type AccessSight, isToAsk, nextAccess } from '#shared/domain/access.ts';
import { ConflictError, PermanentError, RetryableError } from '#shared/errors.ts';
import type { CloudAccess } from '#shared/ports.ts';
import type { Services } from '#shared/services.ts';
import { accessWrite, loadAccess } from '#shared/state/access.ts';
import { orOutage } from './live.ts';

/**
 * Notes what certificates salvor's own connections have shown, and when its account ends. Once an hour each service is asked
 * for something small, since some are called in need only.
 * @returns undefined where there is no cloud to get into
 * @throws RetryableError when the state can't be read or written
 */
export async function lookAtAccess(services: Services): Promise<Access | undefined> {
  const { access, state, policy, clock } = services;
  if (access === undefined) return undefined;
  const before = await loadAccess(state, policy.cloud);
  const asked = isToAsk(before?.value, clock.now());
  const account = asked ? await accountSeen(services, access) : undefined;
  const shown = await orOutage(access.certificates());
  const sight: AccessSight = { certificates: 'value' in shown ? shown.value : [], account, asked };
  const next = nextAccess(before?.value, sight, clock.now());
  if (next === undefined) return before?.value;
  try {
    await state.transact([accessWrite(policy.cloud, before, next)]);
  } catch (error) {
    // Another run was faster, and has seen as much.
    if (!(error instanceof ConflictError)) throw error;
  }
  return next;
}

async function accountSeen({ compute }: Services, access: CloudAccess): Promise<AccessSight['account']> {
  try {
    const account = await access.account();
    await orOutage(compute.health());
    return account;
  } catch (error) {
    if (error instanceof PermanentError) return { refused: error.message };
    if (error instanceof RetryableError) return undefined;
    throw error;
  }
}
