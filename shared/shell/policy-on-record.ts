import { auditWrite, streamOfPolicy } from '#shared/domain/audit.ts';
import { policyId, policyRecords } from '#shared/domain/policy-record.ts';
import { ConflictError, RetryableError } from '#shared/errors.ts';
import type { Services } from '#shared/services.ts';
import { type Loaded, versionAfter } from '#shared/state/items.ts';

const known = new WeakMap<object, Map<object, Promise<string>>>();

/** The id of the policy, once it is in the audit log; looked up once per process. */
export function policyOnRecord(services: Services): Promise<string> {
  const { state, policy } = services;
  const ids = known.get(state) ?? new Map<object, Promise<string>>();
  known.set(state, ids);
  const before = ids.get(policy);
  if (before !== undefined) return before;
  const recording = record(services);
  ids.set(policy, recording);
  recording.catch(() => ids.delete(policy));
  return recording;
}

/** What a record says of its decision: by what it was made, upon which version of the item, under which policy. */
export async function recordedBasis<B extends object>(
  services: Services,
  loaded: Pick<Loaded<unknown>, 'version'>,
  basis: B,
): Promise<B & { readonly version: number; readonly policy: string }> {
  return { ...basis, version: versionAfter(loaded), policy: await policyOnRecord(services) };
}

async function record({ state, policy }: Services): Promise<string> {
  const id = policyId(policy);
  const stream = streamOfPolicy(id);
  const isThere = async () => (await state.queryAudit(stream, { limit: 1 })).items.length > 0;
  if (await isThere()) return id;
  try {
    await state.transact(policyRecords(policy).map(auditWrite));
  } catch (error) {
    if (!(error instanceof ConflictError)) throw error;
    // Another process was first, with the same records.
    if (!(await isThere())) throw new RetryableError(`the policy ${id} could not be recorded`, { cause: error });
  }
  return id;
}
