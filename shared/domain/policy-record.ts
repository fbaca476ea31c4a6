import { createHash } from 'node:crypto';
import { type AuditRecord, appendFacts, canonical, FIRST, streamOfPolicy } from './audit.ts';
import { type Policy, policySchema } from './policy.ts';

/**
 * The policy in the audit log: a stream of its own, named by what it holds, and written once. Decisions name the policy
 * they were made under, so that they can be made again after it has changed.
 */

/** An item holds 400 KB; devices of many hosts are split over several records. */
const DEVICE_BYTES = 200_000;

type Devices = Policy['fenceDevices'];
interface PolicyUsed {
  readonly type: 'policy-used';
  readonly policy: Omit<Policy, 'fenceDevices'>;
}
interface DevicesUsed {
  readonly type: 'devices-used';
  readonly fenceDevices: Devices;
}

export const policyId = (policy: Policy): string =>
  createHash('sha256').update(canonical(policy)).digest('hex').slice(0, 32);

/** The stream of a policy. It has no time, as whoever writes it writes the same. */
export const policyRecords = (policy: Policy): readonly AuditRecord[] =>
  appendFacts(streamOfPolicy(policyId(policy)), FIRST, policyFacts(policy), 0).records;

function policyFacts({ fenceDevices, ...policy }: Policy): readonly (PolicyUsed | DevicesUsed)[] {
  const facts: (PolicyUsed | DevicesUsed)[] = [{ type: 'policy-used', policy }];
  let devices: [string, Devices[string]][] = [];
  let bytes = 0;
  for (const [host, device] of Object.entries(fenceDevices)) {
    devices.push([host, device]);
    bytes += Buffer.byteLength(JSON.stringify([host, device]));
    if (bytes < DEVICE_BYTES) continue;
    facts.push({ type: 'devices-used', fenceDevices: Object.fromEntries(devices) });
    devices = [];
    bytes = 0;
  }
  if (devices.length > 0) facts.push({ type: 'devices-used', fenceDevices: Object.fromEntries(devices) });
  return facts;
}

/** Undefined when the records are not those of the policy of this id. */
export function policyFrom(id: string, records: readonly AuditRecord[]): Policy | undefined {
  const [first, ...more] = records.map(({ fact }) => fact as object);
  if (first === undefined) return undefined;
  // Taken for what they should be: whether they are shows below.
  const devices = more.map((fact) => (fact as DevicesUsed).fenceDevices);
  const policy = { ...(first as PolicyUsed).policy, fenceDevices: Object.assign({}, ...devices) } as Policy;
  if (policyId(policy) !== id || canonical(policyRecords(policy)) !== canonical(records)) return undefined;
  // What a newer salvor knows besides has its default, as it would have had.
  const parsed = policySchema.safeParse(policy);
  return parsed.success ? parsed.data : undefined;
}
