import { domain } from './patches.ts';
import type { Variant } from './variant.ts';

/** Deciders under which an incident comes to no end, to a wrong one, or to one too early. */
export const BROKEN_ENDS: readonly Variant[] = [
  {
    name: 'never-fences',
    wrong: 'Fencing never gets past its first step: each reading of the power counts for nothing.',
    room: 'domain',
    patches: [domain('fence.ts', "if (power === 'unknown') {", 'if (power.length > 0) {')],
    caughtBy: ['L1'],
  },
  {
    name: 'held-for-good',
    wrong: 'A held host is asked about again and again, and does not go on when its gates open.',
    room: 'domain',
    patches: [
      domain(
        'confirm.ts',
        '  if (closed.length > 0)\n    return',
        "  if (closed.length > 0 || (incident.status === 'held' && incident.release === null))\n    return",
      ),
    ],
    caughtBy: ['L1'],
  },
  {
    name: 'never-evacuates',
    wrong: 'Tasks are planned and never granted.',
    room: 'domain',
    patches: [
      domain(
        'grant.ts',
        'if (held !== undefined || this.#inFlight >= this.#limit)',
        'if (held !== undefined || this.#inFlight >= 0)',
      ),
    ],
    caughtBy: ['L1'],
  },
  {
    name: 'slow-is-failed',
    wrong: 'An evacuation that takes longer than usual counts as failed.',
    room: 'domain',
    patches: [
      domain(
        'settle.ts',
        'return settleFound(task, progress.attempt, migration, sight, evacuation, random);\n    }\n  }',
        "if (isRunning(migration) && progress.sinceMs + 90_000 < sight.atMs)\n        return [endedAs('not-recoverable', 'its evacuation does not end', sight.atMs)];\n      return settleFound(task, progress.attempt, migration, sight, evacuation, random);\n    }\n  }",
      ),
      domain(
        'settle.ts',
        'return migrationOf(progress.attempt, sight.evacuationsOf.get(task.instanceId)) === undefined || found(task, sight);',
        'return sight.atMs > 0 || found(task, sight);',
      ),
    ],
    caughtBy: ['L1'],
  },
  {
    name: 'back-is-well',
    wrong: 'A host that is switched on and reported up in the middle of its evacuations counts as well again.',
    room: 'domain',
    patches: [
      domain('fence.ts', 'const mayLive = incident.evacuatingSinceMs === null;', 'const mayLive = true as boolean;'),
    ],
    caughtBy: ['S6', 'L1'],
  },
  {
    name: 'incident-upon-incident',
    wrong: 'A report of a host whose incident waits for a person opens another one.',
    room: 'domain',
    patches: [
      domain(
        'reports.ts',
        'if (host.incident !== null) return consequencesForIncident(',
        "if (host.incident !== null && host.incident.status !== 'stopped') return consequencesForIncident(",
      ),
      domain('evolve-incident.ts', 'if (host.incident !== null) throw', "if (host.incident?.status === 'held') throw"),
    ],
    caughtBy: ['S3'],
  },
];
