import { domain } from './patches.ts';
import type { Variant } from './variant.ts';

/** Gates that count the hosts around the failed one, and let it pass however many there are. */
export const BROKEN_GUARDS: readonly Variant[] = [
  {
    name: 'segment-storm-open',
    wrong: 'A segment may lose any number of hosts.',
    room: 'domain',
    patches: [domain('gates/storm.ts', '-storm`, open,', "-storm`, open || scope === 'segment',")],
    caughtBy: ['S5'],
  },
  {
    name: 'global-storm-open',
    wrong: 'The cloud may lose any number of hosts.',
    room: 'domain',
    patches: [domain('gates/storm.ts', '-storm`, open,', "-storm`, open || scope === 'global',")],
    caughtBy: ['S5'],
  },
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
];
