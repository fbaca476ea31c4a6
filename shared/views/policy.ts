import { stringify } from 'yaml';
import { type Policy, policySchema, segmentDefaults } from '#shared/domain/policy.ts';
import { type PolicyChange, policyChanges } from '#shared/domain/policy-diff.ts';
import { policyNotes } from '#shared/domain/policy-notes.ts';
import { policyId } from '#shared/domain/policy-record.ts';
import { faultsOf, type PolicyFault, parsePolicy } from '#shared/policy-text.ts';
import type { Size } from '#shared/policy-yaml.ts';
import type { StateReader } from '#shared/ports.ts';
import { policyInForce } from '#shared/shell/policy-in-force.ts';

/** The policy that decides now. It holds no secret, only their names. */
export interface PolicyView {
  /** As the audit names it. */
  readonly id: string;
  /** With every default. */
  readonly yaml: string;
  /** Only what is not as by default. */
  readonly short: string;
  readonly notes: readonly string[];
  readonly segments: number;
  readonly fenceDevices: number;
  /** Segments that were made through the Masakari API: no file has them. */
  readonly made: readonly string[];
}

/** @param own the operator's */
export async function policyNow(state: StateReader, own: Policy): Promise<PolicyView> {
  const policy = await policyInForce(state, own);
  const names = new Set(own.segments.map(({ name }) => name));
  return {
    id: policyId(policy),
    yaml: asYaml(policy),
    short: asYaml(withoutDefaults(policy)),
    notes: policyNotes(policy),
    segments: policy.segments.length,
    fenceDevices: Object.keys(policy.fenceDevices).length,
    made: policy.segments.flatMap(({ name }) => (names.has(name) ? [] : [name])),
  };
}

/** What a policy would be that somebody has written. */
export interface PolicyChecked {
  readonly well: boolean;
  readonly faults: readonly PolicyFault[];
  readonly notes: readonly string[];
  readonly segments: number;
  readonly fenceDevices: number;
  /** Against the operator's that is in force; null where they were not compared. */
  readonly changes: readonly PolicyChange[] | null;
}

/**
 * @param against the operator's policy in force; undefined: it is not compared
 * @param size beyond which it is not read
 */
export function policyChecked(text: string, against: Policy | undefined, size: Size): PolicyChecked {
  const parsed = parsePolicy(text, size);
  if (parsed.is !== 'well')
    return { well: false, faults: faultsOf(parsed), notes: [], segments: 0, fenceDevices: 0, changes: null };
  const { policy } = parsed;
  return {
    well: true,
    faults: [],
    notes: policyNotes(policy),
    segments: policy.segments.length,
    fenceDevices: Object.keys(policy.fenceDevices).length,
    changes: against === undefined ? null : policyChanges(against, policy).map(hidden),
  };
}

const asYaml = (policy: object): string => withoutUserinfo(stringify(policy, { aliasDuplicateObjects: false }));

const hidden = (change: PolicyChange): PolicyChange => ({
  ...change,
  before: change.before === null ? null : withoutUserinfo(change.before),
  after: change.after === null ? null : withoutUserinfo(change.after),
});

/** Secrets have a file of their own; an address may hold one all the same. */
const withoutUserinfo = (text: string): string => text.replaceAll(/(\w:\/\/)[^\s/@]+@/g, '$1***@');

type Tree = Readonly<Record<string, unknown>>;
const isTree = (value: unknown): value is Tree => typeof value === 'object' && value !== null && !Array.isArray(value);

function withoutDefaults({ segments, fenceDevices, ...rest }: Policy): Tree {
  const {
    segments: _,
    fenceDevices: __,
    ...bare
  } = policySchema.parse({
    version: 1,
    segments: [{ name: 'any', hosts: { availabilityZone: 'any' } }],
    fenceDevices: {},
  });
  return {
    version: 1,
    ...pruned(rest, { ...bare, version: undefined }),
    segments: segments.map((segment) => pruned(segment, segmentDefaults)),
    fenceDevices,
  };
}

/** What differs from the defaults, key by key. */
function pruned(value: Tree, defaults: Tree): Tree {
  return Object.fromEntries(
    Object.entries(value).flatMap(([key, each]): readonly (readonly [string, unknown])[] => {
      const usual = defaults[key];
      if (JSON.stringify(each) === JSON.stringify(usual)) return [];
      return [[key, isTree(each) && isTree(usual) ? pruned(each, usual) : each]];
    }),
  );
}
