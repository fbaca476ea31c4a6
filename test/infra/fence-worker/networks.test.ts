import { describe, expect, it } from 'vitest';
import { networksOf } from '#infra/fence-worker/networks.ts';
import { PermanentError } from '#shared/errors.ts';

const network = (name: string, ...addresses: string[]) => ({ name, addresses, concurrency: 1 });
const networkOf = networksOf([
  network('a', '192.0.2.0/25', '198.51.100.7', '*.a.bmc.test'),
  network('b', '192.0.2.0/24', '2001:db8::/64', 'pdu'),
]);

describe('the network of an address', () => {
  it.each([
    ['192.0.2.1', 'a'],
    ['192.0.2.200', 'b'],
    ['198.51.100.7', 'a'],
    ['198.51.100.8', undefined],
    ['2001:db8::7', 'b'],
    ['::ffff:203.0.113.1', undefined],
    ['c1.a.bmc.test', 'a'],
    ['C1.A.BMC.test', 'a'],
    ['a.bmc.test', undefined],
    ['c1.a.bmc.test.evil.example', undefined],
    ['pdu', 'b'],
    ['user@pdu', undefined],
    ['192.0.2.1 -x', undefined],
    ['x -o .a.bmc.test', undefined],
    ['', undefined],
  ])('%j is %s', (address, expected) => {
    expect(networkOf(address)).toBe(expected);
  });

  it.each(['192.0.2.0/33', '192.0.2', '*/8', 'a b', ''])('can not be given as %j', (address) => {
    expect(() => networksOf([network('x', address)])).toThrow(PermanentError);
  });
});
