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
