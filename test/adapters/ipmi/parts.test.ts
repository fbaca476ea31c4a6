/** What each part passes over by itself, so that none leans on another. */
import { describe, expect, it } from 'vitest';
import type { Channel } from '#shared/adapters/fencing/ipmi/channel.ts';
import { CIPHER_SUITES } from '#shared/adapters/fencing/ipmi/cipher-suites.ts';
import { chassisStatus, getChassisStatus } from '#shared/adapters/fencing/ipmi/commands.ts';
import { packetCode, sessionKeys } from '#shared/adapters/fencing/ipmi/keys.ts';
import { decodeResponse, type IpmiRequest } from '#shared/adapters/fencing/ipmi/message.ts';
import * as rakp from '#shared/adapters/fencing/ipmi/rakp.ts';
import { RMCP_HEADER } from '#shared/adapters/fencing/ipmi/rmcp.ts';
import { open, seal } from '#shared/adapters/fencing/ipmi/rmcp-plus.ts';
import { sessionOn } from '#shared/adapters/fencing/ipmi/session.ts';
import { answerTo } from '#sim/bmc/ipmi-packets.ts';

const suite = CIPHER_SUITES[17];
const keys = sessionKeys(suite, Buffer.from('a session integrity key'));
const consoleSession = 0x01020304;

/** The BMC's answer to a request, as the console's n-th. */
const answer = ({ netFn, command }: IpmiRequest, sequence: number, data: Buffer): Buffer =>
  answerTo({ netFn, command, data, from: { address: 0x81, sequence: sequence << 2, netFnLun: netFn << 2 } }, 0, data);

describe('a response', () => {
  const right = answer(getChassisStatus, 5, Buffer.from([1, 0, 0]));
  it('is that to the request', () => {
    expect(decodeResponse(right, getChassisStatus, 5)).toEqual({ completionCode: 0, data: Buffer.from([1, 0, 0]) });
    expect(decodeResponse(right, getChassisStatus, 6)).toBeUndefined();
    expect(decodeResponse(right, { ...getChassisStatus, command: 2 }, 5)).toBeUndefined();
    expect(decodeResponse(right, { ...getChassisStatus, netFn: 6 }, 5)).toBeUndefined();
  });

  it.each([...right.keys()])('with byte %i changed is none, by its checksums', (at) => {
    const changed = Buffer.from(right);
    changed.writeUInt8(changed.readUInt8(at) ^ 0x40, at);
    expect(decodeResponse(changed, getChassisStatus, 5)).toBeUndefined();
  });
});

describe('a message of the setup', () => {
  const head = (tag: number, session: number): Buffer => {
    const bytes = Buffer.alloc(80);
    bytes.writeUInt8(tag, 0);
    bytes.writeUInt32LE(session, 4);
    return bytes;
  };
  it.each([
    ['Open Session Response', (bytes: Buffer) => rakp.openSessionResponse(bytes, 7, consoleSession)],
    ['RAKP message 2', (bytes: Buffer) => rakp.rakp2(bytes, 7, consoleSession, suite)],
    ['RAKP message 4', (bytes: Buffer) => rakp.rakp4(bytes, 7, consoleSession, suite)],
  ])('is for this session, and with the tag of the question: %s', (_, read) => {
    expect(read(head(7, consoleSession))).toMatchObject({ kind: 'ok' });
    expect(read(head(8, consoleSession))).toBeUndefined();
    expect(read(head(7, consoleSession + 1))).toBeUndefined();
    expect(read(head(7, consoleSession).subarray(0, 20))).toBeUndefined();
    const denied = head(7, consoleSession).fill(0x0d, 1, 2);
    expect(read(denied.subarray(0, 8))).toEqual({ kind: 'denied', status: 0x0d });
    expect(read(head(7, consoleSession + 1).fill(0x0d, 1, 2))).toBeUndefined();
  });

  it('that refuses a session may have two bytes', () => {
    expect(rakp.openSessionResponse(Buffer.from([7, 4]), 7, consoleSession)).toEqual({ kind: 'denied', status: 4 });
    expect(rakp.openSessionResponse(Buffer.from([8, 4]), 7, consoleSession)).toBeUndefined();
    expect(rakp.openSessionResponse(Buffer.from([7, 0]), 7, consoleSession)).toBeUndefined();
    expect(rakp.openSessionResponse(Buffer.from([7]), 7, consoleSession)).toBeUndefined();
  });
});

describe('a packet', () => {
  const sealed = seal({ suite, keys }, consoleSession, 1, Buffer.from('a message'));
  const covered = sealed.subarray(RMCP_HEADER.length, -suite.checkBytes);

  it.each([
    ['another next header', (bytes: Buffer) => bytes.fill(0x06, bytes.length - 1)],
    ['another pad length', (bytes: Buffer) => bytes.fill(9, bytes.length - 2, bytes.length - 1)],
    ['no encryption by its header', (bytes: Buffer) => bytes.fill(0x40, 1, 2)],
    ['another payload type', (bytes: Buffer) => bytes.fill(0xc1, 1, 2)],
  ])('is none with %s, though its code is right', (_, change) => {
    const changed = change(Buffer.from(covered));
    const packet = Buffer.concat([RMCP_HEADER, changed, packetCode(suite, keys.k1, changed)]);
    expect(open({ suite, keys }, consoleSession, packet)).toBeUndefined();
    expect(open({ suite, keys }, consoleSession, sealed)).toEqual({ sequence: 1, payload: Buffer.from('a message') });
  });
});

it('a session believes no number twice, and none that is lower', async () => {
  const packets = (request: number, numbers: readonly number[], power: number): readonly Buffer[] =>
    numbers.map((number) =>
      seal({ suite, keys }, consoleSession, number, answer(getChassisStatus, request, Buffer.from([power, 0, 0]))),
    );
  let arriving: readonly Buffer[] = [];
  const channel: Channel = {
    exchange: async ({ answer: read }) => {
      for (const packet of arriving) {
        const value = read(packet);
        if (value !== undefined) return { kind: 'answer', value, repeated: false };
      }
      return { kind: 'silence', detail: 'nothing more' };
    },
    send: () => undefined,
    close: () => undefined,
  };
  const session = sessionOn(channel, { suite, keys, consoleSession, bmcSession: 9 }, performance.now() + 1000);
  arriving = packets(1, [5], 1);
  expect(await session.ask(getChassisStatus)).toMatchObject({ kind: 'ok', value: { data: Buffer.from([1, 0, 0]) } });
  arriving = [...packets(2, [4, 5], 0), ...packets(2, [6], 1)];
  expect(await session.ask(getChassisStatus)).toMatchObject({ kind: 'ok', value: { data: Buffer.from([1, 0, 0]) } });
  arriving = packets(3, [1, 2, 5, 6], 0);
  expect(await session.ask(getChassisStatus)).toEqual({ kind: 'failed', detail: 'Get Chassis Status: nothing more' });
});

it.each([
  [0x00, 'off', []],
  [0x01, 'on', []],
  [0x02, 'off', ['overload']],
  [0x05, 'on', ['interlock']],
  [0x09, 'on', ['power fault']],
  [0x10, 'off', ['power control fault']],
  // The restore policy says nothing of now.
  [0x60, 'off', []],
] as const)('a chassis whose state is %i', (state, power, faults) => {
  expect(chassisStatus(Buffer.from([state, 0, 0]))).toEqual({ power, faults });
  expect(chassisStatus(Buffer.from([state, 0]))).toBeUndefined();
  expect(chassisStatus(Buffer.alloc(0))).toBeUndefined();
});
