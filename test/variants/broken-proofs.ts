import { domain, shell } from './patches.ts';
import type { Variant } from './variant.ts';

/** Proofs of death that prove nothing, where there is more than one device. */
export const BROKEN_PROOFS: readonly Variant[] = [
  {
    name: 'one-outlet-will-do',
    wrong: 'A level is off when one of its devices is: one of two power supplies.',
    room: 'domain',
    patches: [
      domain(
        'fence-levels.ts',
        "if (level.every(({ reading }) => reading.power === 'off')) return 'off';",
        "if (level.some(({ reading }) => reading.power === 'off')) return 'off';",
      ),
    ],
    among: 'outlets',
    caughtBy: ['S0', 'S1'],
  },
  {
    name: 'silent-outlet-is-off',
    wrong: 'A level is off when one of its devices is and none says on, whatever the others do not say.',
    room: 'domain',
    patches: [
      domain(
        'fence-levels.ts',
        "if (level.every(({ reading }) => reading.power === 'off')) return 'off';",
        "if (level.some(({ reading }) => reading.power === 'off') && level.every(({ reading }) => reading.power !== 'on'))\n    return 'off';",
      ),
    ],
    among: 'outlets',
    caughtBy: ['S0', 'S1'],
  },
  {
    name: 'silent-levels-are-off',
    wrong: 'Of several levels that say nothing, and none that says on, the first counts as off.',
    room: 'domain',
    patches: [domain('fence-levels.ts', "anyOn ? 'on' : 'unknown';", "anyOn ? 'on' : 'off';")],
    among: 'levels',
    caughtBy: ['S0', 'S1'],
  },
  {
    name: 'watchdog-counted-once',
    wrong: 'A host is taken as reset though its keeper may have fed the watchdog at the last moment.',
    room: 'domain',
    patches: [
      domain(
        'watchdog.ts',
        'FEED_WITHIN_SECONDS + 2 * timeoutSeconds + resetSeconds',
        'FEED_WITHIN_SECONDS + timeoutSeconds + resetSeconds',
      ),
    ],
    among: 'watchdogs',
    caughtBy: ['S0', 'S1'],
  },
  {
    name: 'reset-not-waited-for',
    wrong: 'A host is taken as reset when its watchdog fires, and still runs.',
    room: 'domain',
    patches: [domain('watchdog.ts', '2 * timeoutSeconds + resetSeconds', '2 * timeoutSeconds + 0 * resetSeconds')],
    among: 'watchdogs',
    caughtBy: ['S0', 'S1'],
  },
  {
    name: 'unarmed-watchdog-counts',
    wrong: 'A host whose watchdog does not run is taken as reset by it.',
    room: 'domain',
    patches: [domain('watchdog.ts', "if (!lease.armed) return 'and", "if (lease.timeoutSeconds < 0) return 'and")],
    among: 'watchdogs',
    caughtBy: ['S0', 'S1'],
  },
  {
    name: 'lease-after-the-proof',
    wrong: 'A host that is being recovered elsewhere gets a lease, and starts.',
    room: 'domain',
    patches: [
      domain(
        'watchdog.ts',
        'before?.revokedBy != null && before.revokedBy === host.incidentId',
        'before?.revokedBy != null && before.revokedBy === host.key',
      ),
    ],
    among: 'watchdogs',
    caughtBy: ['S1'],
  },
  {
    name: 'proof-leaves-the-lease',
    wrong: 'A proof by time takes no lease away, and is made beside one that is granted in the same moment.',
    room: 'shell',
    patches: [shell('power-off.ts', "fact.proof.kind === 'watchdog')", "fact.proof.kind === 'operator-confirmation')")],
    among: 'watchdogs',
    caughtBy: ['S1'],
  },
  {
    name: 'one-person-twice',
    wrong: 'One person who confirms twice counts as two.',
    room: 'domain',
    patches: [
      domain(
        'confirm-off.ts',
        'if (before.some(({ name }) => name === by))',
        'if (people === 1 && before.some(({ name }) => name === by))',
      ),
    ],
    among: 'two-people',
    caughtBy: ['S1'],
  },
  {
    name: 'one-of-two-will-do',
    wrong: 'The word of the first person counts, where two must confirm.',
    room: 'domain',
    patches: [
      domain('confirm-off.ts', 'const complete = names.length >= people;', 'const complete = names.length > 0;'),
    ],
    among: 'two-people',
    caughtBy: ['S1'],
  },
  {
    name: 'word-outlives-an-up',
    wrong: 'The word of people counts again once whoever has seen the host up says down.',
    room: 'domain',
    patches: [
      domain(
        'evolve-incident.ts',
        'atMs > offConfirmed.atMs - CLOCK_SKEW_MS;',
        'atMs > offConfirmed.atMs + 1e9 * CLOCK_SKEW_MS;',
      ),
    ],
    among: 'two-people',
    caughtBy: ['S1'],
  },
];
