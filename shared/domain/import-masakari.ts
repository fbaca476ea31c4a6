import { name as policyName } from './policy-values.ts';

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
    imported.push({
      segment: {
        ...rule,
        ...(except.length === 0 ? {} : { except }),
        mode: 'shadow',
        instanceRecovery: {},
        processRecovery: { enable: 'by-hand' },
      },
      remarks: remarksOn(segment, name, except),
    });
  }
  return { imported, leftOut };
}

function remarksOn({ name, enabled, recoveryMethod, hosts }: FoundSegment, own: string, except: readonly string[]) {
  const reserved = hosts.filter((host) => host.reserved).map((host) => host.name);
  return [
    ...(own === name ? [] : [`Masakari's name: ${JSON.stringify(name)}`]),
    ...(enabled ? [] : ['switched off in Masakari (enabled=False): leave it in shadow, or leave it out']),
    ...(recoveryMethod === 'auto'
      ? []
      : [`recovery_method was ${recoveryMethod}: salvor spreads instances over all healthy hosts`]),
    ...(reserved.length === 0
      ? []
      : [`reserved in Masakari: ${reserved.join(', ')}; here they are hosts like any other`]),
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
