import type { Patch } from './bundle.ts';
import type { Variant } from './variant.ts';

const domain = (file: string, find: string, replace: string): Patch => ({
  file: `shared/domain/${file}`,
  find,
  replace,
});

/** Gates that are open when they should not be, and operators who are heard too well or not at all. */
export const BROKEN_GATES: readonly Variant[] = [
  {
    name: 'segment-rate-open',
    wrong: 'Nobody counts how many hosts of a segment are fenced in a minute.',
    room: 'domain',
    patches: [domain('gates/storm.ts', '-rate`, others + 1', "-rate`, scope === 'segment' || others + 1")],
    caughtBy: ['S5'],
  },
  {
    name: 'segment-cool-down-open',
    wrong: 'A segment goes on right after a storm.',
    room: 'domain',
    patches: [domain('gates/storm.ts', 'gate(name, atMs - last', "gate(name, scope === 'segment' || atMs - last")],
    caughtBy: ['S5'],
  },
  {
    name: 'global-rate-open',
    wrong: 'Nobody counts how many hosts of the cloud are fenced in a minute.',
    room: 'domain',
    patches: [domain('gates/storm.ts', '-rate`, others + 1', "-rate`, scope === 'global' || others + 1")],
    caughtBy: ['S5'],
  },
  {
    name: 'global-cool-down-open',
    wrong: 'The cloud goes on right after a storm.',
    room: 'domain',
    patches: [domain('gates/storm.ts', 'gate(name, atMs - last', "gate(name, scope === 'global' || atMs - last")],
    caughtBy: ['S5'],
  },
  {
    name: 'failure-domain-open',
    wrong: 'Nobody counts the hosts of a rack, nor the racks.',
    room: 'domain',
    patches: [
      domain(
        'gates/domains.ts',
        "gate('failure-domain', open, because)",
        "gate('failure-domain', open || true, because)",
      ),
    ],
    caughtBy: ['S5'],
  },
  {
    name: 'healthy-hosts-open',
    wrong: 'Nobody asks how many healthy hosts are left.',
    room: 'domain',
    patches: [
      domain(
        'gates/storm.ts',
        'healthyOthers >= segment.minHealthyHosts,',
        'healthyOthers >= 0 * segment.minHealthyHosts,',
      ),
    ],
    caughtBy: ['S5'],
  },
  {
    name: 'release-opens-all',
    wrong: 'An operator who releases one gate of a host has released them all.',
    room: 'domain',
    patches: [domain('gates/release.ts', 'names.includes(each.gate)', 'names.length > 0')],
    caughtBy: ['S2', 'S5'],
  },
  {
    name: 'disarm-refused',
    wrong: 'Whoever switches salvor off is refused.',
    room: 'domain',
    patches: [
      domain(
        'operator.ts',
        'if (atMs < guard.switchedAtMs)',
        "if (command.type === 'disarm' || atMs < guard.switchedAtMs)",
      ),
    ],
    caughtBy: ['S1', 'S2'],
  },
];
