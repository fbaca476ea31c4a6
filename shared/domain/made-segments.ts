import type { Policy, Segment } from './policy.ts';

/** A host of a segment that was made through the Masakari API, by Nova's service host name. */
export interface MadeHost {
  readonly id: number;
  readonly uuid: string;
  readonly name: string;
  readonly type: string | null;
  readonly controlAttributes: string | null;
  /** Kept for failures, as `destinations.reservedHosts` of the policy. */
  readonly reserved: boolean;
  /** No segment holds it then: it is not fenced, and what is reported of it is kept. */
  readonly onMaintenance: boolean;
  readonly createdAtMs: number;
  readonly updatedAtMs: number | null;
}

/** A segment that was made through the Masakari API. Times are Unix ms. */
export interface MadeSegment {
  /** By which incidents, guards and operators know it: never changed, and never used again. */
  readonly key: string;
  readonly id: number;
  readonly uuid: string;
  /** For people; may change. */
  readonly name: string;
  readonly description: string | null;
  /** As `destinations.method` of the policy. */
  readonly recoveryMethod: string;
  readonly serviceType: string;
  readonly hosts: readonly MadeHost[];
  readonly createdAtMs: number;
  readonly updatedAtMs: number | null;
  /** A segment that was deleted holds no host. */
  readonly deletedAtMs: number | null;
}

/** In place of hosts, where a segment has none: it can be switched off all the same, and an open incident finds it. */
const NOBODY = '-';

/**
 * The policy with the segments that were made through the Masakari API, each as `masakari.segmentDefaults` says. What the
 * policy itself names comes first: of hosts and segments that it names as well it holds alone.
 */
export function withMade(policy: Policy, made: readonly MadeSegment[]): Policy {
  const template = policy.masakari?.segmentDefaults;
  if (template === undefined) return policy;
  const names = new Set(policy.segments.map(({ name }) => name));
  const claimed = new Set(policy.segments.flatMap(({ hosts }) => ('names' in hosts ? hosts.names : [])));
  const more: Segment[] = [];
  for (const segment of made) {
    if (names.has(segment.key)) continue;
    const hosts = segment.hosts.map(({ name }) => name);
    const all = hosts.length > 0 ? hosts : [NOBODY];
    const held = new Set(heldBy(segment).filter((host) => !claimed.has(host)));
    for (const host of held) claimed.add(host);
    const except = all.filter((host) => !held.has(host));
    const rule = { name: segment.key, hosts: { names: all }, ...(except.length === 0 ? {} : { except }) };
    more.push({ ...template, ...rule, destinations: destinationsOf(segment, template.destinations) });
  }
  return more.length === 0 ? policy : { ...policy, segments: [...policy.segments, ...more] };
}

/** `auto` without reserved hosts, as segments are made unless told, says nothing: then the template counts. */
function destinationsOf(
  { recoveryMethod, hosts }: MadeSegment,
  template: Segment['destinations'],
): Segment['destinations'] {
  const names = hosts.filter(({ reserved }) => reserved).map(({ name }) => name);
  const asked = METHODS.find((each) => each === recoveryMethod) ?? 'auto';
  if (asked === 'auto' && names.length === 0) return template;
  // Without a reserved host Masakari's methods come to auto, but for the one that takes no other.
  const method = names.length === 0 && asked !== 'reserved_host' ? 'auto' : asked;
  return { ...template, method, reservedHosts: { names: names.length === 0 ? [NOBODY] : names } };
}

const METHODS: readonly Segment['destinations']['method'][] = ['auto', 'reserved_host', 'auto_priority', 'rh_priority'];

const heldBy = ({ hosts, deletedAtMs }: MadeSegment): readonly string[] =>
  deletedAtMs === null ? hosts.filter(({ onMaintenance }) => !onMaintenance).map(({ name }) => name) : [];
