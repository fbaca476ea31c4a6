import { expect, it } from 'vitest';
import { objectionToPowerOff } from '#shared/domain/fence.ts';
import type { Fencing, HostState } from '#shared/domain/host.ts';
import { aClaim, aHostIn, anIncident, NOW_MS, seconds, uuid } from '#test/support/builders.ts';

const down = { '/monitor/a': aClaim('down', NOW_MS - seconds(300)) };
const up = { '/monitor/a': aClaim('up', NOW_MS) };
const intended = anIncident('fencing', { powerOffs: 1 });
const now = (changes: Partial<Fencing> = {}, claims: HostState['claims'] = down): HostState => ({
  ...aHostIn('fencing'),
  incident: { ...intended, ...changes },
  claims,
});
const objection = (
  host: HostState | undefined,
  { halted, ageMs = 0, of = intended }: { halted?: string; ageMs?: number; of?: Fencing } = {},
) => objectionToPowerOff(of, NOW_MS - ageMs, host, halted, NOW_MS);

it('there is none while all is as it was, however old the claims are', () => {
  expect(objection(now())).toBeUndefined();
  expect(objection(now(), { ageMs: seconds(30) })).toBeUndefined();
});

it.each<[string, ReturnType<typeof objection>, string]>([
  [
    'the function stood still',
    objection(now(), { ageMs: seconds(31) }),
    'the gates were asked 31 s ago, which counts for 30 s',
  ],
  ['salvor was switched off', objection(now(), { halted: 'switched off by ann' }), 'switched off by ann'],
  ['the host was seen up', objection(now({}, up)), 'the host was seen up meanwhile'],
  [
    'its incident has ended',
    objection({ ...now(), incident: null }),
    'another step of the incident was taken meanwhile',
  ],
  ['it is another incident', objection(now({ id: uuid(1, 9) })), 'another step of the incident was taken meanwhile'],
  [
    'another step was taken',
    objection(now({ tick: intended.tick + 1 })),
    'another step of the incident was taken meanwhile',
  ],
  ['the host is not known any more', objection(undefined), 'another step of the incident was taken meanwhile'],
])('there is one when %s', (_, found, because) => {
  expect(found).toBe(because);
});

it('a host whose evacuations may have left is kept off, whatever is said', () => {
  const of = { ...intended, evacuatingSinceMs: NOW_MS - 1 };
  expect(objection(now({}, up), { of })).toBeUndefined();
});
