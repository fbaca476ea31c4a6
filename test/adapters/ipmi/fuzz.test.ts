/** Whatever arrives on the port: nothing throws, nothing hangs, nothing is kept, and none of it is believed. */
import { createSocket, type Socket } from 'node:dgram';
import { once } from 'node:events';
import fc from 'fast-check';
import { afterEach, expect, it } from 'vitest';
import { CIPHER_SUITES } from '#shared/adapters/fencing/ipmi/cipher-suites.ts';
import * as commands from '#shared/adapters/fencing/ipmi/commands.ts';
import { ipmiDevice } from '#shared/adapters/fencing/ipmi/device.ts';
import { sessionKeys } from '#shared/adapters/fencing/ipmi/keys.ts';
import { decodeResponse } from '#shared/adapters/fencing/ipmi/message.ts';
import * as rakp from '#shared/adapters/fencing/ipmi/rakp.ts';
import { sessionlessMessage } from '#shared/adapters/fencing/ipmi/rmcp.ts';
import { open, setupPayload } from '#shared/adapters/fencing/ipmi/rmcp-plus.ts';
import { packetIn } from '#sim/bmc/ipmi-packets.ts';
import { benches } from './bench.ts';
import { exchanges } from './exchanges.ts';

const { start, closeAll } = benches();
const sockets: Socket[] = [];
afterEach(async () => {
  for (const socket of sockets.splice(0)) socket.close();
  await closeAll();
});

const real = exchanges.flatMap(({ datagrams }) => datagrams.map(({ hex }) => Buffer.from(hex, 'hex')));

/** A real datagram with bytes changed, a part cut out or put in; or just bytes. */
const datagram = fc.oneof(
  fc.uint8Array({ maxLength: 1500 }).map((bytes) => Buffer.from(bytes)),
  fc
    .tuple(
      fc.constantFrom(...real),
      fc.array(fc.tuple(fc.nat(200), fc.nat(255)), { maxLength: 4 }),
      fc.tuple(fc.nat(200), fc.nat(200), fc.uint8Array({ maxLength: 40 })),
      fc.boolean(),
    )
    .map(([original, changes, [from, length, put], splice]) => {
      const copy = Buffer.from(original);
      for (const [at, value] of changes) copy[at % copy.length] = value;
      if (!splice) return copy;
      return Buffer.concat([copy.subarray(0, from), Buffer.from(put), copy.subarray(from + length)]);
    }),
);

it('is read without a word, or passed over', () => {
  fc.assert(
    fc.property(datagram, fc.nat(255), fc.nat(2 ** 32 - 1), fc.nat(63), (bytes, tag, session, sequence) => {
      const message = sessionlessMessage(bytes) ?? bytes;
      const response = decodeResponse(message, commands.getChassisStatus, sequence);
      commands.capabilities(response?.data ?? bytes);
      commands.chassisStatus(response?.data ?? bytes);
      packetIn(bytes);
      for (const suite of Object.values(CIPHER_SUITES)) {
        for (const type of Object.values(rakp.PAYLOAD)) {
          const payload = setupPayload(bytes, type) ?? bytes;
          rakp.openSessionResponse(payload, payload[0] ?? tag, session);
          rakp.rakp2(payload, payload[0] ?? tag, session, suite);
          rakp.rakp4(payload, payload[0] ?? tag, session, suite);
        }
        // Nobody has these keys.
        const keys = sessionKeys(suite, Buffer.from('keys of nobody'));
        const receiver = bytes.length < 10 ? session : bytes.readUInt32LE(6);
        expect(open({ suite, keys }, receiver, bytes)).toBeUndefined();
      }
    }),
    { numRuns: 3000 },
  );
});

it('does not move a driver that gets nothing else, and a simulated BMC that does', async () => {
  const { bmc, device, host } = await start();
  const pieces = fc.sample(datagram, 400);
  const attacker = createSocket('udp4');
  sockets.push(attacker);
  let next = 0;
  const some = (): Buffer => pieces[next++ % pieces.length] ?? Buffer.alloc(0);
  attacker.on('message', (_, { port }) => {
    for (let count = 0; count < 20; count += 1) attacker.send(some(), port, '127.0.0.1');
  });
  attacker.bind(0, '127.0.0.1');
  await once(attacker, 'listening');
  for (const piece of pieces) attacker.send(piece, bmc.port, '127.0.0.1');
  for (let call = 0; call < 20; call += 1) {
    const cipherSuite = call % 2 === 0 ? 17 : 3;
    const fooled = device({ port: attacker.address().port, timeoutSeconds: 0.1, cipherSuite });
    const { power, systemUuid, durationMs } = await fooled.readPower();
    expect({ power, systemUuid }).toEqual({ power: 'unknown', systemUuid: null });
    expect(durationMs).toBeLessThan(1000);
    expect((await fooled.powerOff(null)).kind).not.toBe('accepted');
  }
  expect(await device().readPower()).toMatchObject({ power: 'on' });
  expect(host.controls).toEqual([]);
});

it('does not hide the BMC: each of its answers comes among twenty others', async () => {
  const pieces = fc.sample(datagram, 400);
  let next = 0;
  const { device, host } = await start({
    change: ({ from, bytes }) => {
      if (from === 'console') return [bytes];
      const noise = Array.from({ length: 20 }, () => pieces[next++ % pieces.length] ?? Buffer.alloc(0));
      return [...noise, bytes, ...noise];
    },
  });
  for (let call = 0; call < 10; call += 1) {
    host.power = 'on';
    expect(await device().readPower()).toMatchObject({ power: 'on' });
    expect(await device().powerOff(null)).toMatchObject({ kind: 'accepted' });
    expect(host.power).toBe('off');
  }
});

it('is not kept', async () => {
  const flood = createSocket('udp4');
  sockets.push(flood);
  const piece = Buffer.concat([real[1] ?? Buffer.alloc(0), Buffer.alloc(1300)]);
  let sent = 0;
  let done = false;
  flood.once('message', (_, { port }) => {
    const more = (): void => {
      if (done) return;
      for (let count = 0; count < 100; count += 1) flood.send(piece, port, '127.0.0.1');
      sent += 100;
      setImmediate(more);
    };
    more();
  });
  flood.bind(0, '127.0.0.1');
  await once(flood, 'listening');
  const device = ipmiDevice({
    host: '127.0.0.1',
    port: flood.address().port,
    username: 'root',
    password: 'x',
    timeoutSeconds: 3,
  });
  const used = (): number => process.memoryUsage().heapUsed + process.memoryUsage().arrayBuffers;
  const before = used();
  const { power, durationMs } = await device.readPower();
  const grown = used() - before;
  done = true;
  expect(power).toBe('unknown');
  expect(durationMs).toBeLessThan(4000);
  expect(sent).toBeGreaterThan(10_000);
  // Node's own buffers for what is on its way come and go.
  expect(grown).toBeLessThan((sent * piece.length) / 4);
});
