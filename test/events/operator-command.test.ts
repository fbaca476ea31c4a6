/** What operators ask for survives a queue, and nothing that is misspelt is taken for something else. */
import { describe, expect, it } from 'vitest';
import * as z from 'zod';
import { QUEUES, queueOf } from '#events/catalog.ts';
import { operatorCommand } from '#events/operator-command.ts';
import { aCommand } from '#test/support/operator.ts';

const all = [
  aCommand('disarm', { segment: 'az1', forSeconds: 60 }),
  aCommand('arm'),
  aCommand('release', { gates: ['reporters'] }),
  aCommand('dismiss'),
];
const OPTIONAL = ['segment', 'forSeconds'];

describe.each(all)('$type', (given) => {
  it('comes out of its queue as it went in', () => {
    expect(queueOf(given)).toBe('operator-commands');
    expect(QUEUES['operator-commands'].schema.parse(JSON.parse(JSON.stringify(given)))).toEqual(given);
  });

  it('is accepted by the published JSON Schema', () => {
    expect(z.fromJSONSchema(z.toJSONSchema(operatorCommand, { io: 'input' })).safeParse(given).error).toBeUndefined();
  });

  it.each(Object.keys(given).filter((field) => !OPTIONAL.includes(field)))('is refused without its %s', (field) => {
    expect(operatorCommand.safeParse({ ...given, [field]: undefined }).success).toBe(false);
  });

  it('is refused with a key that it does not have', () => {
    expect(operatorCommand.safeParse({ ...given, segmnt: 'az1' }).success).toBe(false);
  });
});

it.each([
  ['a reason of blanks', aCommand('disarm', { reason: ' ' })],
  ['nobody who asks', aCommand('disarm', { by: '' })],
  ['no time at all', aCommand('disarm', { forSeconds: 0 })],
  ['more than 30 days', aCommand('disarm', { forSeconds: 30 * 86_400 + 1 })],
  ['a time without a zone', aCommand('disarm', { time: '2026-11-21T12:00:00' })],
])('refuses %s', (_, command) => expect(operatorCommand.safeParse(command).success).toBe(false));
