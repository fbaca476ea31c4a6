import { shell } from './patches.ts';
import type { Variant } from './variant.ts';

/** Right decisions that are carried out, kept or recorded wrongly. */
export const BROKEN_SHELL: readonly Variant[] = [
  {
    name: 'guard-of-one-batch',
    wrong: 'The storm guard counts only the hosts that are open now, by an index that lags, and not the tickets.',
    room: 'shell',
    patches: [
      shell(
        'guard-writes.ts',
        'if (confirmed) next = old ? { ...next } : withTicket(next, ticket);',
        'if (confirmed) next = { ...next };',
      ),
    ],
    caughtBy: ['S5'],
  },
  {
    name: 'request-before-commit',
    wrong: 'The evacuate request leaves before its intent is committed.',
    room: 'shell',
    patches: [
      {
        file: 'functions/evacuate-instance.ts',
        find: '  const intended = await commitTask(',
        replace:
          "  if (decision.do === 'request') await requestEvacuation(services, task.value, decision.leaveByMs);\n  const intended = await commitTask(",
      },
    ],
    caughtBy: ['A1', 'S0', 'S4'],
  },
  {
    name: 'repeat-is-sent-again',
    wrong: 'A message that comes again sends its evacuate request again.',
    room: 'shell',
    patches: [
      {
        file: 'functions/evacuate-instance.ts',
        find: '  const granted = await loadGranted(services, message);\n',
        replace:
          "  const granted = await loadGranted(services, message);\n  const repeated = await loadTask(services.state, message.incidentId, instanceId);\n  if (repeated?.value.progress.status === 'requested') await requestEvacuation(services, repeated.value, Number.POSITIVE_INFINITY);\n",
      },
    ],
    caughtBy: ['A1', 'S0', 'S1', 'S4'],
  },
  {
    name: 'power-off-before-commit',
    wrong: 'The host is powered off before the intent is committed.',
    room: 'shell',
    patches: [
      shell(
        'power-off.ts',
        '  const committed = await commitHost(services, loaded, { facts: decision.facts, basis, writes });',
        "  if (decision.do === 'power-off' && typeof ladder !== 'string') await ladder.powerOff(decision.level, async () => undefined);\n  const committed = await commitHost(services, loaded, { facts: decision.facts, basis, writes });",
      ),
    ],
    caughtBy: ['A1', 'S2'],
  },
  {
    name: 'acknowledged-before-sent',
    wrong:
      'A message is acknowledged when its step is committed; what comes next is sent afterwards, by nobody when the process dies.',
    room: 'shell',
    patches: [
      shell(
        'step.ts',
        '      await sendCommands(services, last.value);\n',
        '      void sendCommands(services, last.value).catch(() => {});\n',
      ),
      {
        file: 'functions/sweep.ts',
        find: '    await sendCommands(services, host).catch((error: unknown) => failures.push(error));',
        replace: '',
      },
    ],
    caughtBy: ['L1'],
  },
  {
    name: 'repeat-dropped-as-duplicate',
    wrong: 'A repeat is dropped before what its step asked for went out.',
    room: 'shell',
    patches: [
      shell('step.ts', '      if (redelivered) await sendCommands(services, loaded.value);\n', ''),
      shell('fold-reports.ts', ' || deliveries.some((delivery) => delivery.redelivered)', ''),
      {
        file: 'functions/sweep.ts',
        find: '    await sendCommands(services, host).catch((error: unknown) => failures.push(error));',
        replace: '',
      },
    ],
    caughtBy: ['L1'],
  },
  {
    name: 'outcome-lost-in-a-race',
    wrong: 'What became of a power-off is forgotten when somebody else wrote the host meanwhile.',
    room: 'shell',
    patches: [
      shell(
        'step.ts',
        '      loaded = (await loadHost(services.state, acted.value.key)) ?? acted;',
        '      return acted;',
      ),
    ],
    caughtBy: ['A1'],
  },
  {
    name: 'answer-not-recorded',
    wrong: 'Nova’s answer is dropped when the follower was faster.',
    room: 'shell',
    patches: [shell('request-evacuation.ts', 'const MAX_RACES = 8;', 'const MAX_RACES = 1;')],
    caughtBy: ['A1', 'X1'],
  },
  {
    name: 'record-skipped',
    wrong: 'A change of a host is committed without its audit record.',
    room: 'state',
    patches: [
      {
        file: 'shared/state/hosts.ts',
        find: '    writes.push(...records.map(auditWrite));\n    return head;',
        replace:
          "    if (fact.type === 'forced-down') return from;\n    writes.push(...records.map(auditWrite));\n    return head;",
      },
    ],
    caughtBy: ['A1'],
  },
  {
    name: 'switch-asked-once',
    wrong: 'An operator who switches salvor off is heard when a host is confirmed, and not at the last moment.',
    room: 'shell',
    patches: [
      shell(
        'live.ts',
        'const halted = whyHalted(',
        'const halted = (() => undefined as string | undefined)(); void whyHalted(',
      ),
    ],
    model: 'evacuate-people',
    caughtBy: ['disarmed'],
  },
  {
    name: 'last-look-skipped',
    wrong:
      'Nobody looks again once the device is ready for the power-off: a switch, a stop or an up report that came meanwhile is not heard.',
    room: 'shell',
    patches: [
      shell(
        'power-off.ts',
        '    return objectionToPowerOff(incident, evidence.atMs, now?.value, halted ?? left, clock.now());',
        '    void objectionToPowerOff(incident, evidence.atMs, now?.value, halted ?? left, clock.now());\n    return undefined;',
      ),
    ],
    caughtBy: ['S1', 'S2'],
  },
  {
    name: 'instance-not-read-again',
    wrong: 'What was seen of an instance when its evacuation was granted is not looked at again before the request.',
    room: 'shell',
    patches: [
      {
        file: 'functions/evacuate-instance.ts',
        find: 'hindered ?? unfitNow(server, host.value.name, task.value, attempt, instances);',
        replace:
          'hindered ?? (instances === undefined ? unfitNow(server, host.value.name, task.value, attempt, instances) : undefined);',
      },
    ],
    model: 'evacuate-people',
    caughtBy: ['one-evacuation', 'one-place'],
  },
  {
    name: 'switch-not-asked',
    wrong: 'Whoever sends an evacuate request does not ask whether salvor is switched off.',
    room: 'shell',
    patches: [
      {
        file: 'functions/evacuate-instance.ts',
        find: 'const { halted } = await readHalt(services, segment);',
        replace: 'const halted = (() => undefined as string | undefined)(); void readHalt;',
      },
    ],
    model: 'evacuate-people',
    caughtBy: ['disarmed'],
  },
  {
    name: 'late-requests-leave',
    wrong: 'An evacuate request leaves however late it has become: the proof that it rests on was young before.',
    room: 'shell',
    patches: [
      {
        file: 'functions/evacuate-instance.ts',
        find: 'await requestEvacuation(services, intended.value, decision.leaveByMs);',
        replace: 'await requestEvacuation(services, intended.value, decision.leaveByMs + 3_600_000);',
      },
    ],
    caughtBy: ['S1'],
  },
  {
    name: 'proof-of-an-older-incident',
    wrong: 'A reading of off is remembered: what comes later, another incident too, rests on it.',
    room: 'shell',
    patches: [
      shell(
        'power-off.ts',
        'nothingRead(services, ladder) : ladder.readPower(),',
        'nothingRead(services, ladder) : remembered(host.key, services, ladder),',
      ),
      shell(
        'power-off.ts',
        'const nothingRead = (',
        'const OFF = new Map<string, TimedReading>();\nasync function remembered(key: string, services: Services, ladder: Ladder): Promise<TimedReading> {\n  const known = OFF.get(key);\n  const reading = known === undefined ? await ladder.readPower() : { ...known, askedAtMs: services.clock.now() };\n  if (reading.power === "off") OFF.set(key, reading);\n  return reading;\n}\n\nconst nothingRead = (',
      ),
    ],
    caughtBy: ['S0', 'S1'],
  },
  {
    name: 'moved-to-suspects',
    wrong: 'A single instance is moved to a healthy host that is under suspicion, or held.',
    room: 'shell',
    patches: [
      shell(
        'instances/hosts-for-move.ts',
        'const suspects = new Set(open.map(({ name }) => name));',
        'const suspects = new Set<string>(open.length < 0 ? [service.host] : []);',
      ),
      shell(
        'instances/hosts-for-move.ts',
        'if (loaded === undefined || loaded.value.incident === null)\n      return { hosts: told, unchanged: [hostUnchanged(key, loaded)] };',
        'if (to !== undefined) return { hosts: told, unchanged: [hostUnchanged(key, loaded)] };',
      ),
    ],
    caughtBy: ['S6'],
  },
];
