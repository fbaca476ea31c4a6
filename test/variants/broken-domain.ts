import { domain } from './patches.ts';
import type { Variant } from './variant.ts';

/** Deciders that decide wrongly. */
export const BROKEN_DOMAIN: readonly Variant[] = [
  {
    name: 'no-answer-is-fenced',
    wrong: 'A device that does not answer counts as off.',
    room: 'domain',
    patches: [
      domain('fence.ts', "if (power === 'unknown') {", 'if (false as boolean) {'),
      domain('fence.ts', "if (power === 'off') {\n    // Found off", "if (power !== 'on') {\n    // Found off"),
    ],
    caughtBy: ['S0', 'S1'],
  },
  {
    name: 'yes-is-fenced',
    wrong: 'A device that answers yes to the power-off is not read back.',
    room: 'domain',
    patches: [
      domain(
        'fence.ts',
        "if (power === 'off') {\n    const { askedAtMs }",
        "if (kind === 'accepted') {\n    const { askedAtMs }",
      ),
    ],
    caughtBy: ['S0', 'S1'],
  },
  {
    name: 'any-device-will-do',
    wrong: 'Nobody asks whose system answered.',
    room: 'domain',
    patches: [
      domain(
        'device-binding.ts',
        'const told = systemUuid',
        'if (true as boolean) return null;\n  const told = systemUuid',
      ),
    ],
    caughtBy: ['S0', 'S1', 'S2'],
  },
  {
    name: 'forced-down-on-trust',
    wrong: 'Nova is told that the host is down, and nobody looks whether it says so, then or later.',
    room: 'domain',
    patches: [
      domain('force-down.ts', "if (service?.forcedDown && service.state === 'down')", 'if (service !== undefined)'),
      domain('follow.ts', 'if (!service.forcedDown) return', 'if (service.id === "" && !service.forcedDown) return'),
    ],
    caughtBy: ['S1'],
  },
  {
    name: 'proof-never-voided',
    wrong: 'A host that is reported up after its power was read as off is evacuated all the same.',
    room: 'domain',
    patches: [domain('reports.ts', '  upMs <= readAtMs - CLOCK_SKEW_MS\n', '  upMs >= 0\n')],
    caughtBy: ['S0', 'S1'],
  },
  {
    name: 'proof-never-ages',
    wrong: 'A proof is good for ever.',
    room: 'domain',
    patches: [
      domain('follow.ts', 'if (waiting > 0 && ageSeconds >', 'if (waiting > 1e9 && ageSeconds >'),
      domain(
        'evacuate.ts',
        'if (proofAgeSeconds > proofMaxAgeSeconds)',
        'if (proofAgeSeconds > proofMaxAgeSeconds * 1e9)',
      ),
    ],
    caughtBy: ['S0', 'S1'],
  },
  {
    name: 'maintenance-not-asked-again',
    wrong: 'Maintenance that begins after the decision does not keep the host from being powered off.',
    room: 'domain',
    patches: [
      domain('fence.ts', 'const mayLive = incident.evacuatingSinceMs === null;', 'const mayLive = false as boolean;'),
    ],
    caughtBy: ['S2', 'S0'],
  },
  {
    name: 'timeout-is-a-no',
    wrong: 'An evacuate request whose answer was lost is sent again at once.',
    room: 'domain',
    patches: [
      domain(
        'evacuate.ts',
        "    case 'unknown':\n      return [",
        "    case 'unknown':\n      return foldAnswer(task, attemptNumber, { kind: 'refused', httpStatus: 404, message: answer.error, requestId: null, durationMs: answer.durationMs }, { evacuation } as Segment, nowMs, random);\n    case 'unknown' as never:\n      return [",
      ),
    ],
    caughtBy: ['S0', 'S4'],
  },
  {
    name: 'no-settle-time',
    wrong: 'A request without an answer is tried again before its migration had time to show.',
    room: 'domain',
    patches: [
      domain('settle.ts', 'if (progress.sinceMs + evacuation.settleSeconds * 1000 > sight.atMs) return [];', ''),
      domain(
        'settle.ts',
        'return progress.sinceMs + settleSeconds * 1000 <= sight.atMs ||',
        'return progress.sinceMs <= sight.atMs ||',
      ),
    ],
    model: 'evacuate-unknown',
    caughtBy: ['one-evacuation', 'one-place'],
  },
  {
    name: 'conductor-not-waited-for',
    wrong: 'A failed evacuation is tried again while Nova still has the instance in a task.',
    room: 'domain',
    patches: [
      domain('settle.ts', 'if (here !== undefined && here.taskState !== null) return [];', ''),
      domain(
        'instances.ts',
        'const byState = judgeState(server, context.instances);',
        'const byState = judgeState({ ...server, taskState: null }, context.instances);',
      ),
    ],
    model: 'evacuate-nova',
    caughtBy: ['one-evacuation', 'one-place'],
  },
  {
    name: 'migration-ignored',
    wrong: 'An instance in an unfinished live migration is evacuated, though it may run on the other side.',
    room: 'domain',
    patches: [
      domain(
        'instances.ts',
        'if (migration !== undefined || isMigrating(server))',
        'if (migration !== undefined && isMigrating(server) && server.id === "")',
      ),
    ],
    caughtBy: ['S0', 'S4'],
  },
  {
    name: 'local-disks-ignored',
    wrong: 'Local disks are rebuilt from their image without a word.',
    room: 'domain',
    patches: [
      domain(
        'instances.ts',
        'if (local.length === 0 || sharedInstanceStorage',
        'if (local.length >= 0 || sharedInstanceStorage',
      ),
    ],
    caughtBy: ['S7'],
  },
  {
    name: 'odd-states-passed-over',
    wrong: 'Instances that Nova does not evacuate as they are get no task, and so no outcome.',
    room: 'domain',
    patches: [
      domain(
        'plan.ts',
        'return servers.map((server, index) =>',
        "return servers.filter(({ vmState }) => ['active', 'stopped', 'error'].includes(vmState)).map((server, index) =>",
      ),
    ],
    caughtBy: ['L1'],
  },
  {
    name: 'reserved-host-kept',
    wrong: 'A reserved host that was enabled in vain is not given back.',
    room: 'domain',
    patches: [domain('reserved-hosts.ts', '.filter(([, use]) => isOpen(use))', '.filter(([, use]) => use.tries < 0)')],
    caughtBy: ['S6'],
  },
  {
    name: 'handed-to-a-person',
    wrong: 'Instances that ran as any other are left to a person.',
    room: 'domain',
    patches: [
      domain(
        'instances.ts',
        ": evacuate(taskState === null ? 'it ran' :",
        ": taskState === null ? person('it ran') : evacuate(",
      ),
    ],
    caughtBy: ['L1'],
  },
  {
    name: 'moved-anywhere',
    wrong: "Where a single instance is moved to is left to Nova's scheduler, whatever the policy says.",
    room: 'domain',
    patches: [
      domain(
        'instance-recovery/where-to.ts',
        'return { destination: chosen.host, because:',
        'return { destination: null, because:',
      ),
    ],
    caughtBy: ['S6'],
  },
  {
    name: 'started-before-its-rebuild',
    wrong: 'An instance that was evacuated to be restarted from a snapshot is started from its original image.',
    room: 'domain',
    patches: [
      domain(
        'restore/evolve.ts',
        "destination, snapshot, step: 'rebuild', number: attempts",
        "destination, snapshot, step: 'start', number: attempts",
      ),
      domain(
        'restore/decide.ts',
        "return step === 'start' && imageId !== snapshot.id",
        "return step === 'start' && imageId === ''",
      ),
    ],
    caughtBy: ['S7'],
  },
  {
    name: 'evacuated-to-run-from-its-image',
    wrong:
      'An instance that is restarted from a snapshot is evacuated as it was, so that it runs from its original image first.',
    room: 'domain',
    patches: [domain('instances.ts', '`, IS_STOPPED), restore: from };', '`), restore: from };')],
    caughtBy: ['S7'],
  },
  {
    name: 'snapshots-without-asking',
    wrong: 'Who has not asked for it is restarted from a snapshot all the same.',
    room: 'domain',
    patches: [
      domain(
        'restore/snapshot.ts',
        "if (policy.who === 'all') return undefined;",
        'if (policy.who.length > 0) return undefined;',
      ),
    ],
    caughtBy: ['S7'],
  },
];
