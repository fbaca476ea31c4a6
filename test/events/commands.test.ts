/** What the functions ask of one another survives a queue, and goes to the queue of its own name. */
import { describe, expect, it } from 'vitest';
import * as z from 'zod';
import { QUEUES, type QueueName, queueOf } from '#events/catalog.ts';
import { type Command, command } from '#events/commands.ts';

const incidentId = '01920000-0000-7000-8000-000000000001';
const hostKey = 'default/RegionOne/4b1f7a0c-2c60-4f57-8d0f-3b9a6c1d2e5f';
const step = { version: 1, hostKey, incidentId, tick: 3 } as const;

/** A type that is added does not compile until it is here. */
const COMMANDS: { readonly [Type in Command['type']]: Extract<Command, { type: Type }> } = {
  'confirm-host-down': { type: 'confirm-host-down', ...step },
  'fence-host': { type: 'fence-host', ...step },
  'plan-evacuation': { type: 'plan-evacuation', ...step },
  'follow-evacuations': { type: 'follow-evacuations', ...step },
  'evacuate-instance': {
    type: 'evacuate-instance',
    version: 1,
    hostKey,
    incidentId,
    instanceId: '2f9a6a0e-5b0d-4e63-9d0f-1f7f7c1e4b21',
    attempt: 1,
  },
  'return-host': { type: 'return-host', version: 1, hostKey, returnId: incidentId, tick: 3 },
  'maintain-host': { type: 'maintain-host', version: 1, hostKey, maintenanceId: incidentId, tick: 3 },
  'recover-instance': {
    type: 'recover-instance',
    version: 1,
    hostKey,
    incidentId,
    instanceId: '2f9a6a0e-5b0d-4e63-9d0f-1f7f7c1e4b21',
    tick: 3,
  },
  'recover-process': { type: 'recover-process', ...step },
};
const all = Object.values<Command>(COMMANDS);

describe.each(all)('$type', (given) => {
  it('comes out of its queue as it went in', () => {
    expect(command.parse(JSON.parse(JSON.stringify(given)))).toEqual(given);
  });

  it('goes to the queue of its name, whose own schema takes it and no other command', () => {
    expect(queueOf(given)).toBe(given.type);
    expect(QUEUES[given.type].schema.parse(given)).toEqual(given);
    for (const other of all.filter(({ type }) => type !== given.type))
      expect(QUEUES[given.type].schema.safeParse(other).success).toBe(false);
  });

  it('is accepted by the published JSON Schema', () => {
    expect(z.fromJSONSchema(z.toJSONSchema(command, { io: 'input' })).safeParse(given).error).toBeUndefined();
  });

  it.each(Object.keys(given))('is refused without its %s', (field) => {
    const { error } = command.safeParse({ ...given, [field]: undefined });
    expect(error?.issues.map(({ path }) => path.join('.'))).toEqual([field]);
  });
});

it('refuses a tick or an attempt that can not be counted', () => {
  expect(command.safeParse({ ...COMMANDS['fence-host'], tick: -1 }).success).toBe(false);
  expect(command.safeParse({ ...COMMANDS['fence-host'], tick: 0.5 }).success).toBe(false);
  expect(command.safeParse({ ...COMMANDS['evacuate-instance'], attempt: 0 }).success).toBe(false);
});

it('has one queue for the events, one for operators, one for looks, one for answers, and one for each command', () => {
  const names: readonly QueueName[] = [
    'host-events',
    'operator-commands',
    'watch-hosts',
    'fence-answers',
    ...all.map(({ type }) => type),
  ];
  expect(Object.keys(QUEUES).sort()).toEqual([...names].sort());
});
