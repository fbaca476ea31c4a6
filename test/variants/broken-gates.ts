import { domain } from './patches.ts';
import type { Variant } from './variant.ts';

/** Gates that are open when they should not be, and operators who are heard too well or not at all. */
export const BROKEN_GATES: readonly Variant[] = [
  {
    name: 'nova-answers-open',
    wrong: 'While Nova does not answer, what it said last is taken, and nothing else that it should say is missed.',
    room: 'shell',
    patches: [
      {
        file: 'shared/shell/probe.ts',
        find: "services: [{ service: 'keystone', answers: false, detail: short(health.outage) }]",
        replace: 'services: []',
      },
      {
        file: 'shared/shell/live.ts',
        find: 'await Promise.all([\n    compute.services(),\n    decidesByAggregates(policy) ? compute.aggregates() : [],\n  ]);',
        replace:
          'await remembered(policy, () =>\n    Promise.all([compute.services(), decidesByAggregates(policy) ? compute.aggregates() : []]),\n  );',
      },
      {
        file: 'shared/shell/live.ts',
        find: 'export interface GateReading {',
        replace:
          'const LAST = new WeakMap<object, unknown>();\nasync function remembered<T>(key: object, read: () => Promise<T>): Promise<T> {\n  const now = await read().catch((error: unknown) => {\n    if (LAST.has(key)) return LAST.get(key) as T;\n    throw error;\n  });\n  LAST.set(key, now);\n  return now;\n}\n\nexport interface GateReading {',
      },
    ],
    caughtBy: ['S2', 'S5'],
  },
  {
    name: 'protected-open',
    wrong: 'A host that has left its segment is fenced all the same.',
    room: 'domain',
    patches: [
      domain(
        'gates/of-host.ts',
        'segments.length === 1 && segments[0] === segment.name',
        'segments.length <= 1 || segments[0] === segment.name',
      ),
    ],
    caughtBy: ['S2'],
  },
  {
    name: 'in-service-open',
    wrong: 'A host in maintenance is fenced.',
    room: 'domain',
    patches: [
      domain(
        'gates/of-host.ts',
        "gate('in-service', false, `its service is disabled",
        "gate('in-service', reason !== '', `its service is disabled",
      ),
    ],
    caughtBy: ['S2'],
  },
  {
    name: 'armed-open',
    wrong: 'A host is decided on and fenced while an operator has switched salvor off.',
    room: 'domain',
    patches: [
      domain('gates/of-host.ts', 'disarmed === null, disarmed', "disarmed === null || disarmed !== '', disarmed"),
    ],
    caughtBy: ['S2'],
  },
  {
    name: 'fence-device-open',
    wrong: 'A host without a fence device is taken for one that can be fenced.',
    room: 'domain',
    patches: [domain('gates/of-host.ts', "gate('fence-device', false,", "gate('fence-device', true,")],
    caughtBy: ['S5'],
  },
  {
    name: 'settling-open',
    wrong: 'Who has just been started goes on at once.',
    room: 'domain',
    patches: [
      domain('gates/settling.ts', "gate('settling', open, because)", "gate('settling', open || true, because)"),
    ],
    caughtBy: ['S5'],
  },
  {
    name: 'gap-unnoticed',
    wrong: 'A long pause of salvor is not noticed.',
    room: 'domain',
    patches: [domain('settling.ts', 'nowMs - lastMs > maxGapSeconds * 1000', 'nowMs - lastMs > maxGapSeconds * 1e9')],
    caughtBy: ['S5'],
  },
  {
    name: 'reporters-open',
    wrong: 'One word is enough, however many are asked for.',
    room: 'domain',
    patches: [
      domain('gates/witnesses.ts', 'down.length >= required,\n    `', 'down.length >= Math.min(1, required),\n    `'),
    ],
    caughtBy: ['S5'],
  },
  {
    name: 'names-are-sources',
    wrong: 'Two names of one source are two.',
    room: 'domain',
    patches: [
      domain(
        'reporters.ts',
        'if (patterns.some((pattern) => fits(reporter, pattern))) return name;',
        'if (patterns.some((pattern) => fits(reporter, pattern))) return name + reporter;',
      ),
    ],
    caughtBy: ['S5'],
  },
  {
    name: 'reporter-cliff-open',
    wrong: 'The word of a reporter counts however many hosts it calls dead.',
    room: 'domain',
    patches: [
      domain(
        'gates/witnesses.ts',
        'discounted.length === 0 || left.length >= required, because',
        'discounted.length >= 0 || left.length >= required, because',
      ),
    ],
    caughtBy: ['S5'],
  },
  {
    name: 'nova-sees-it-down-open',
    wrong: 'Nobody asks whether Nova sees the service down.',
    room: 'domain',
    patches: [
      domain(
        'gates/witnesses.ts',
        '!segment.requireNovaDown || state',
        'segment.requireNovaDown !== undefined || state',
      ),
    ],
    caughtBy: ['S2', 'S5'],
  },
  {
    name: 'observer-open',
    wrong: 'Who sees no other host and reaches no other device goes on.',
    room: 'domain',
    patches: [
      domain(
        'gates/probes.ts',
        "gate('observer', seesHosts && reaches, because)",
        "gate('observer', (seesHosts && reaches) || true, because)",
      ),
    ],
    caughtBy: ['S5'],
  },
  {
    name: 'dependencies-open',
    wrong: 'A host is fenced while what an evacuation needs does not answer.',
    room: 'domain',
    patches: [
      domain(
        'gates/probes.ts',
        "gate('dependencies', silent.length === 0,",
        "gate('dependencies', silent.length >= 0,",
      ),
    ],
    caughtBy: ['S5'],
  },
  {
    name: 'stop-ignored',
    wrong: 'A device that contradicts its host stops that host only, and not its segment.',
    room: 'domain',
    patches: [domain('guards.ts', '  stops.length === 0 ? undefined', '  stops.length >= 0 ? undefined')],
    caughtBy: ['S1'],
  },
  {
    name: 'release-opens-all',
    wrong: 'An operator who releases one gate of a host has released them all.',
    room: 'domain',
    patches: [domain('gates/release.ts', 'names.includes(each.gate)', 'names.length > 0')],
    caughtBy: ['S2', 'S5'],
  },
  {
    name: 'release-never-ends',
    wrong: 'A gate that an operator has released stays released.',
    room: 'domain',
    patches: [domain('gates/release.ts', 'release.untilMs <= nowMs', 'release.untilMs <= 0')],
    among: 'releases-outlived',
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
