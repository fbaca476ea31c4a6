/** Lost, late, repeated and forged datagrams, and BMCs that are none. */
import { afterEach, describe, expect, it, vi } from 'vitest';
import { answerTo } from '#sim/bmc/ipmi-packets.ts';
import type { Passed } from '../../support/udp-proxy.ts';
import { type BenchOptions, benches } from './bench.ts';

const { start, closeAll } = benches();
afterEach(closeAll);

const TYPE_AT = 5;
const OPEN_SESSION_RESPONSE = 0x11;
const RAKP2 = 0x13;
const RAKP3 = 0x14;
const RAKP4 = 0x15;
const IN_SESSION = 0xc0;

const typeOf = ({ bytes }: Passed): number | undefined => (bytes[4] === 0x06 ? bytes[TYPE_AT] : undefined);
const isOf = (datagram: Passed, from: Passed['from'], type: number): boolean =>
  datagram.from === from && typeOf(datagram) === type;

function changed(bytes: Buffer, at: number, to: number): Buffer {
  const copy = Buffer.from(bytes);
  copy.writeUInt8(to, at);
  return copy;
}

/** Drops the nth datagram (from 1) of that side and type. */
function dropping(from: Passed['from'], type: number, nth = 1): NonNullable<BenchOptions['change']> {
  let count = 0;
  return (datagram) => {
    if (isOf(datagram, from, type)) count += 1;
    return isOf(datagram, from, type) && count === nth ? [] : [datagram.bytes];
  };
}

describe('a datagram that is lost', () => {
  it.each([
    ['an answer of the setup', dropping('bmc', RAKP2)],
    ['a command', dropping('console', IN_SESSION)],
    ['the answer to a command', dropping('bmc', IN_SESSION)],
  ])('is sent again: %s', async (_, change) => {
    const { device, host } = await start({ change });
    expect(await device().powerOff(null)).toMatchObject({ kind: 'accepted' });
    expect(host.controls).toEqual([0]);
  });

  // System GUID, privilege, then the power-off.
  it('leaves open what became of a power-off, which is not sent again', async () => {
    for (const [from, power] of [
      ['console', 'on'],
      ['bmc', 'off'],
    ] as const) {
      const { device, host, proxy } = await start({ change: dropping(from, IN_SESSION, 3) });
      expect(await device({ timeoutSeconds: 1.4 }).powerOff(null)).toEqual({
        kind: 'unknown',
        detail: expect.stringMatching(/^Chassis Control: no answer from 127.0.0.1 port \d+ within 1[34]\d\d ms$/),
        durationMs: expect.any(Number),
      });
      expect(host).toMatchObject({ power, controls: power === 'off' ? [0] : [] });
      // With the end of the session, which nobody waits for any more.
      const sent = () => proxy.heard.filter((each) => isOf(each, 'console', IN_SESSION)).length;
      await vi.waitFor(() => expect(sent()).toBe(4));
      expect(await device().readPower()).toMatchObject({ power });
    }
  });

  it('makes a complaint about a repeat doubtful', async () => {
    let dropped = false;
    const { device } = await start({
      change: (datagram) => {
        if (!isOf(datagram, 'bmc', RAKP4)) return [datagram.bytes];
        // The BMC takes the repeated RAKP message 3 for a wrong one.
        if (dropped) return [changed(datagram.bytes, 17, 0x0f)];
        dropped = true;
        return [];
      },
    });
    const { kind } = await device({ timeoutSeconds: 1.5 }).powerOff(null);
    expect(kind).toBe('unknown');
  });
});

describe('a BMC that falls silent', () => {
  // Capabilities, four of the setup, two before the power-off, the power-off, the end of the session.
  it.each([0, 1, 2, 3, 4, 5, 6])('after %i answers is unknown in time, with nothing done', async (answers) => {
    const { device, host, bmc } = await start({ change: silentAfter(answers) });
    const { kind, durationMs } = await device({ timeoutSeconds: 0.3 }).powerOff(null);
    expect(kind).toBe('unknown');
    expect(durationMs).toBeLessThan(600);
    expect(host.controls.length).toBe(answers === 6 ? 1 : 0);
    // One that was not opened to its end is the BMC's to forget.
    if (answers >= 4) await vi.waitFor(() => expect(bmc.sessions).toBe(0));
  });

  it.each([0, 1, 2, 3, 4, 5])('after %i answers is not read', async (answers) => {
    const { device } = await start({ change: silentAfter(answers) });
    expect(await device({ timeoutSeconds: 0.3 }).readPower()).toMatchObject({ power: 'unknown', systemUuid: null });
  });

  it('at the end has said it all', async () => {
    const off = await start({ change: silentAfter(7) });
    expect(await off.device({ timeoutSeconds: 0.3 }).powerOff(null)).toMatchObject({ kind: 'accepted' });
    const read = await start({ change: silentAfter(6) });
    expect(await read.device({ timeoutSeconds: 0.3 }).readPower()).toMatchObject({ power: 'on' });
  });

  function silentAfter(answers: number): NonNullable<BenchOptions['change']> {
    let count = 0;
    return ({ from, bytes }) => {
      if (from === 'bmc') count += 1;
      return from === 'bmc' && count > answers ? [] : [bytes];
    };
  }
});

describe('nobody else', () => {
  it('is heard with what the BMC has said before, in this session or another', async () => {
    const before: Buffer[] = [];
    const { device, host } = await start({
      change: ({ from, bytes }) => {
        if (from === 'console') return [bytes];
        before.push(bytes);
        return [...before, bytes];
      },
    });
    host.power = 'off';
    expect(await device().readPower()).toMatchObject({ power: 'off' });
    host.power = 'on';
    expect(await device().readPower()).toMatchObject({ power: 'on' });
    expect(await device().powerOff(null)).toMatchObject({ kind: 'accepted' });
    expect(host.controls).toEqual([0]);
  });

  it('is heard in plain, or with any part of the truth changed', async () => {
    // The very answer to Get Chassis Status, the second command of a reading.
    const from = { address: 0x81, sequence: 2 << 2, netFnLun: 0 };
    const statusOff = answerTo({ netFn: 0, command: 0x01, data: Buffer.alloc(0), from }, 0, Buffer.alloc(3));
    const { device, host } = await start({
      change: (datagram) => {
        const { bytes } = datagram;
        if (!isOf(datagram, 'bmc', IN_SESSION)) return [bytes];
        const plainHeader = Buffer.from(bytes.subarray(0, 16));
        plainHeader.writeUInt8(0x00, TYPE_AT);
        plainHeader.writeUInt16LE(statusOff.length, 14);
        const flipped = [...bytes.keys()].slice(4).map((at) => changed(bytes, at, bytes.readUInt8(at) ^ 0x01));
        return [Buffer.concat([plainHeader, statusOff]), bytes.subarray(0, -1), ...flipped, bytes];
      },
    });
    expect(await device().readPower()).toMatchObject({ power: 'on' });
    host.power = 'off';
    expect(await device().readPower()).toMatchObject({ power: 'off' });
  });

  it('is heard from another port', async () => {
    const bench = await start({
      change: ({ from, bytes }) => {
        if (from === 'bmc') elsewhere(bytes);
        return from === 'bmc' ? [] : [bytes];
      },
    });
    const elsewhere = (bytes: Buffer): void => void bench.proxy.toConsoleFromElsewhere(bytes);
    expect(await bench.device({ timeoutSeconds: 0.3 }).powerOff(null)).toMatchObject({ kind: 'unknown' });
    expect(bench.host.commands).toEqual([]);
  });

  it('can play the BMC without the password', async () => {
    const last = (bytes: Buffer): Buffer => changed(bytes, bytes.length - 1, bytes.readUInt8(bytes.length - 1) ^ 0x80);
    for (const [type, detail] of [
      [RAKP2, 'the password is wrong, or this is not the BMC (RAKP message 2)'],
      [RAKP4, 'the BMC has another key (RAKP message 4)'],
    ] as const) {
      const { device, host } = await start({
        change: (datagram) => [isOf(datagram, 'bmc', type) ? last(datagram.bytes) : datagram.bytes],
      });
      expect(await device().powerOff(null)).toMatchObject({ kind: 'refused', detail: `nothing was sent: ${detail}` });
      expect(host.commands).toEqual([]);
    }
  });

  it('can talk the driver into a weaker suite', async () => {
    // Authentication, integrity and confidentiality of the Open Session Response.
    for (const at of [32, 40, 48])
      for (const algorithm of [0, 2]) {
        const { device } = await start({
          change: (datagram) =>
            isOf(datagram, 'bmc', OPEN_SESSION_RESPONSE) ? [changed(datagram.bytes, at, algorithm)] : [datagram.bytes],
        });
        expect(await device().powerOff(null)).toMatchObject({
          kind: 'refused',
          detail: 'nothing was sent: the BMC does not agree to cipher suite 17',
        });
      }
  });
});

it('says goodbye to a BMC that does not know the password', async () => {
  const { device, proxy } = await start({
    change: (datagram) => [isOf(datagram, 'bmc', RAKP2) ? changed(datagram.bytes, 60, 0) : datagram.bytes],
  });
  await device().powerOff(null);
  // Status 0x0f, invalid integrity check value, and no code of ours.
  const goodbyes = () => proxy.heard.filter((each) => isOf(each, 'console', RAKP3)).map(({ bytes }) => bytes);
  await vi.waitFor(() => expect(goodbyes().map((bytes) => [bytes.length, bytes[17]])).toEqual([[24, 0x0f]]));
});

it('takes a BMC at its word that speaks IPMI v1.5 only', async () => {
  const { device } = await start({
    change: ({ from, bytes }) => {
      if (from === 'console') return [bytes];
      // Get Channel Authentication Capabilities: no bit for IPMI v2.0, and its checksum.
      const old = Buffer.from(bytes);
      old.writeUInt8(0x04, 22);
      old.writeUInt8((old.readUInt8(old.length - 1) + 0x80 - 0x04) & 0xff, old.length - 1);
      return [old];
    },
  });
  expect(await device().powerOff(null)).toMatchObject({
    kind: 'refused',
    detail: 'nothing was sent: the BMC says that it does not speak IPMI v2.0',
  });
});
