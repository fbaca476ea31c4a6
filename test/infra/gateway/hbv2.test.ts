import { randomBytes } from 'node:crypto';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { type Hbv2Beat, hostKey, readHbv2, replayWindow } from '#infra/gateway/hbv2.ts';
import { isKdumpPacket } from '#infra/gateway/kdump.ts';
import { NOW_MS, seconds } from '#test/support/builders.ts';
import { hbv2 } from './datagrams.ts';

const CURRENT = randomBytes(32);
const PREVIOUS = randomBytes(32);
const SHARED = { keys: [CURRENT, PREVIOUS], perHost: false };
const PER_HOST = { keys: [CURRENT, PREVIOUS], perHost: true };
const read = (datagram: Buffer, keys = SHARED) => readHbv2(datagram, keys, NOW_MS);

describe('a heartbeat of Red Hat’s instanceha', () => {
  it('is what its sender packs and signs, byte by byte', () => {
    // By the lines of instanceha-heartbeat.py (edpm-ansible 9e09ecc, python3: struct, hmac) with the key 00 01 … 1f and the
    // clock at 1795262400.
    const packed = Buffer.from(
      '48425632000000006b0187c0636f6d707574652d372ce8f05548b9f25c3882b0eb8ae4f51803943cca99340b3e2953c559db6e2553',
      'hex',
    );
    const key = Buffer.from(Array.from({ length: 32 }, (_, index) => index));
    const atMs = 1_795_262_400_000;
    expect(readHbv2(packed, { keys: [key], perHost: false }, atMs)).toEqual({ name: 'compute-7', sentAtMs: atMs });
    expect(hbv2('compute-7', atMs, key)).toEqual(packed);
  });

  it.each([
    ['the current key', CURRENT],
    ['the previous key, while keys change', PREVIOUS],
  ])('is believed with %s', (_, key) => {
    expect(read(hbv2('compute-7', NOW_MS, key))).toEqual({ name: 'compute-7', sentAtMs: NOW_MS });
  });

  it.each<[what: string, datagram: Buffer, fault: string]>([
    ['nothing', Buffer.alloc(0), 'malformed'],
    ['no name', hbv2('', NOW_MS, CURRENT), 'malformed'],
    ['a name of 65 bytes', hbv2('x'.repeat(65), NOW_MS, CURRENT), 'malformed'],
    ['a name with a line break', hbv2('compute\n7', NOW_MS, CURRENT), 'malformed'],
    ['a name that is no ASCII', hbv2('compüte', NOW_MS, CURRENT), 'malformed'],
    ['the magic of version 1', hbv2('compute-7', NOW_MS, CURRENT, 0x48425631), 'malformed'],
    ['another key', hbv2('compute-7', NOW_MS, randomBytes(32)), 'unsigned'],
    ['a time 121 s ago', hbv2('compute-7', NOW_MS - seconds(121), CURRENT), 'old'],
    ['a time 61 s ahead', hbv2('compute-7', NOW_MS + seconds(61), CURRENT), 'ahead'],
  ])('is not believed with %s', (_, datagram, fault) => {
    expect(read(datagram)).toBe(fault);
  });

  it.each([
    ['of up to 64 bytes', hbv2(`x${'-'.repeat(62)}x`, NOW_MS, CURRENT)],
    ['of 120 s ago', hbv2('compute-7', NOW_MS - seconds(120), CURRENT)],
    ['of 60 s ahead', hbv2('compute-7', NOW_MS + seconds(60), CURRENT)],
  ])('is believed with a name, a time: %s', (_, datagram) => {
    expect(read(datagram)).toHaveProperty('name');
  });

  it('is not believed with any bit turned', () => {
    const datagram = hbv2('compute-7', NOW_MS, CURRENT);
    fc.assert(
      fc.property(fc.nat(datagram.length * 8 - 1), (bit) => {
        const turned = Buffer.from(datagram);
        turned.writeUInt8(turned.readUInt8(bit >> 3) ^ (1 << (bit & 7)), bit >> 3);
        expect(read(turned)).toBeTypeOf('string');
      }),
    );
  });

  it('is told from whatever else comes, without a throw', () => {
    fc.assert(fc.property(fc.uint8Array({ maxLength: 200 }), (bytes) => typeof read(Buffer.from(bytes)) === 'string'));
    fc.assert(fc.property(fc.uint8Array({ maxLength: 20 }), (bytes) => !isKdumpPacket(Buffer.from(bytes))));
  });

  it('with a key of its own speaks for its host only', () => {
    const own = hostKey(CURRENT, 'compute-7');
    expect(read(hbv2('compute-7', NOW_MS, own), PER_HOST)).toHaveProperty('name', 'compute-7');
    expect(read(hbv2('compute-8', NOW_MS, own), PER_HOST)).toBe('unsigned');
    expect(read(hbv2('compute-7', NOW_MS, CURRENT), PER_HOST)).toBe('unsigned');
    expect(read(hbv2('compute-7', NOW_MS, hostKey(PREVIOUS, 'compute-7')), PER_HOST)).toHaveProperty('name');
  });

  it('is taken once, and not after a newer one', () => {
    const window = replayWindow();
    const beat = (after: number, name = 'a'): Hbv2Beat => ({ name, sentAtMs: NOW_MS + seconds(after) });
    expect([beat(0), beat(0), beat(30), beat(0), beat(0, 'b'), beat(60)].map(window.isNew)).toEqual([
      ...[true, false, true, false, true, true],
    ]);
  });
});

describe('a packet of fence_kdump_send', () => {
  it.each([
    ['of a sender with the little end first', '402a301b01000000', true],
    ['of one with the big end first', '1b302a4000000001', true],
    ['with both orders in it', '402a301b00000001', false],
    ['of another version', '402a301b02000000', false],
    ['with a byte too many', '402a301b0100000000', false],
    ['that is cut', '402a301b010000', false],
  ])('%s', (_, hex, isOne) => {
    expect(isKdumpPacket(Buffer.from(hex, 'hex'))).toBe(isOne);
  });
});
