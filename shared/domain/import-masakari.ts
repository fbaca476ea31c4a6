import type { Segment } from './policy.ts';
import { name as policyName } from './policy-values.ts';

type RecoveryMethod = Segment['destinations']['method'];
const METHODS: readonly RecoveryMethod[] = ['auto', 'reserved_host', 'auto_priority', 'rh_priority'];

/** What a running Masakari has. */
export interface FoundSegment {
  readonly name: string;
  readonly recoveryMethod: string;
  readonly enabled: boolean;
  readonly hosts: readonly FoundHost[];
}
export interface FoundHost {
  readonly name: string;
  readonly reserved: boolean;
  readonly onMaintenance: boolean;
}

/** A segment of a policy, and what a person should know of it. */
export interface Imported {
  readonly segment: {
    readonly name: string;
    readonly hosts: { readonly names: readonly string[] };
    readonly except?: readonly string[];
    readonly destinations?: {
      readonly method: RecoveryMethod;
      readonly reservedHosts: { readonly names: readonly string[] };
    };
    /** Nothing is acted on before a person has looked. */
    readonly mode: 'shadow';
    /** As Masakari does it: instances that opted in are restarted, hosts with dead processes disabled until a person enables them. */
    readonly instanceRecovery: Record<never, never>;
    readonly processRecovery: { readonly enable: 'by-hand' };
  };
  readonly remarks: readonly string[];
}

/** Masakari's segments as a policy has them; what has no host is told of and left out. */
export function importSegments(found: readonly FoundSegment[]): {
  readonly imported: readonly Imported[];
  readonly leftOut: readonly string[];
} {
  const names = new Set<string>();
  const imported: Imported[] = [];
  const leftOut: string[] = [];
  for (const segment of found) {
    if (segment.hosts.length === 0) {
      leftOut.push(`segment "${segment.name}" has no hosts`);
      continue;
    }
    const name = freeName(segment.name, names);
    names.add(name);
    const except = segment.hosts.filter(({ onMaintenance }) => onMaintenance).map((host) => host.name);
    const rule = { name, hosts: { names: segment.hosts.map((host) => host.name) } };
    const destinations = destinationsOf(segment);
    imported.push({
      segment: {
        ...rule,
        ...(except.length === 0 ? {} : { except }),
        ...(destinations === undefined ? {} : { destinations }),
        mode: 'shadow',
        instanceRecovery: {},
        processRecovery: { enable: 'by-hand' },
      },
      remarks: remarksOn(segment, name, except),
    });
  }
  return { imported, leftOut };
}

/** Masakari's methods by their names. A method without a reserved host comes to `auto`, or, of `reserved_host`, to nothing. */
function destinationsOf({ recoveryMethod, hosts }: FoundSegment): Imported['segment']['destinations'] {
  const names = hosts.filter(({ reserved }) => reserved).map(({ name }) => name);
  const method = METHODS.find((each) => each === recoveryMethod) ?? 'auto';
  return names.length === 0 || method === 'auto' ? undefined : { method, reservedHosts: { names } };
}

function remarksOn({ name, enabled, recoveryMethod, hosts }: FoundSegment, own: string, except: readonly string[]) {
  const reserved = hosts.filter((host) => host.reserved).map((host) => host.name);
  return [
    ...(own === name ? [] : [`Masakari's name: ${JSON.stringify(name)}`]),
    ...(enabled ? [] : ['switched off in Masakari (enabled=False): leave it in shadow, or leave it out']),
    ...(recoveryMethod === 'auto' || reserved.length > 0
      ? []
      : [`recovery_method was ${recoveryMethod}, and no host is reserved: salvor takes all healthy hosts`]),
    ...(reserved.length === 0
      ? []
      : [
          `reserved in Masakari: ${reserved.join(', ')}; disable them in Nova for a reason with the word "reserved"${recoveryMethod === 'auto' ? '; the method auto does not use them' : ''}`,
        ]),
    ...(except.length === 0
      ? []
      : [`on maintenance in Masakari, which never takes that back by itself: remove from except what is in service`]),
  ];
}

const LONGEST = 63;

/** Letters, digits, ".", "_" and "-"; a number behind it when it is taken. */
function freeName(name: string, taken: ReadonlySet<string>): string {
  const plain = name
    .replace(/[^A-Za-z0-9._-]+/g, '-')
    .replace(/^[^A-Za-z0-9]+/, '')
    .slice(0, LONGEST - 4)
    .replace(/-+$/, '');
  const base = policyName.safeParse(name).success ? name : plain || 'segment';
  for (let number = 1; ; number += 1) {
    const candidate = number === 1 ? base : `${base.slice(0, LONGEST - 4)}-${number}`;
    if (!taken.has(candidate)) return candidate;
  }
}
