/** Keys, codes and packets against what ipmitool really sends, and the keys that it came to by itself. */
import { describe, expect, it } from 'vitest';
import { CIPHER_SUITES } from '#shared/adapters/fencing/ipmi/cipher-suites.ts';
import * as commands from '#shared/adapters/fencing/ipmi/commands.ts';
import { uuidOf } from '#shared/adapters/fencing/ipmi/guid.ts';
import * as keys from '#shared/adapters/fencing/ipmi/keys.ts';
import { decodeResponse, encodeRequest, type IpmiRequest } from '#shared/adapters/fencing/ipmi/message.ts';
import * as rakp from '#shared/adapters/fencing/ipmi/rakp.ts';
import { sessionlessMessage, sessionlessPacket } from '#shared/adapters/fencing/ipmi/rmcp.ts';
import { open, seal, setupPacket, setupPayload } from '#shared/adapters/fencing/ipmi/rmcp-plus.ts';
import { type Exchange, exchanges } from './exchanges.ts';

const hex = (bytes: Buffer | undefined): string | undefined => bytes?.toString('hex');

/** The datagrams of a session's setup, and what is in them by the specification's offsets. */
function setupOf({ datagrams, suite: id, username, password }: Exchange) {
  const [capabilities, capable, request, response, rakp1, rakp2, rakp3, rakp4, ...session] = datagrams.map(
    ({ from, hex: digits }) => ({ from, bytes: Buffer.from(digits, 'hex') }),
  );
  if (!capabilities || !capable || !request || !response || !rakp1 || !rakp2 || !rakp3 || !rakp4)
    throw new Error('the exchange is cut short');
  const suite = CIPHER_SUITES[id];
  const consoleSession = request.bytes.readUInt32LE(20);
  const bmcSession = response.bytes.readUInt32LE(24);
  const shake: keys.Handshake = {
    suite,
    consoleSession,
    bmcSession,
    consoleRandom: rakp1.bytes.subarray(24, 40),
    bmcRandom: rakp2.bytes.subarray(24, 40),
    bmcGuid: rakp2.bytes.subarray(40, 56),
    role: rakp1.bytes.readUInt8(40),
    username: Buffer.from(username),
  };
  const user: keys.UserKeys = { user: Buffer.from(password) };
  return { capabilities, capable, request, response, rakp1, rakp2, rakp3, rakp4, session, suite, shake, user };
}

const payloadOf = (bytes: Buffer, type: number): Buffer => {
  const payload = setupPayload(bytes, type);
  if (payload === undefined) throw new Error(`no payload of type ${type}`);
  return payload;
};

it('has an exchange of each suite', () => {
  expect(exchanges.map(({ name }) => name).sort()).toEqual(['ipmi_sim-3', 'simulated-17', 'simulated-3']);
});

describe.each(exchanges.map((each) => [`${each.name}, ${each.program}`, each] as const))('%s', (_, exchange) => {
  const setup = setupOf(exchange);
  const { suite, shake, user } = setup;

  it('comes to the keys that ipmitool came to', () => {
    const sik = keys.sessionIntegrityKey(shake, user);
    expect(hex(sik)).toBe(exchange.sik);
    expect(hex(keys.sessionKeys(suite, sik).k1)).toBe(exchange.k1);
    expect(hex(keys.sessionKeys(suite, sik).aes)).toBe(exchange.k2.slice(0, 32));
  });

  it('comes to the codes of RAKP messages 2, 3 and 4', () => {
    const second = rakp.rakp2(payloadOf(setup.rakp2.bytes, rakp.PAYLOAD.rakp2), 0, shake.consoleSession, suite);
    expect(second).toMatchObject({
      kind: 'ok',
      value: { bmcGuid: Buffer.from(exchange.guid, 'hex'), code: keys.rakp2Code(shake, user) },
    });
    const fourth = rakp.rakp4(payloadOf(setup.rakp4.bytes, rakp.PAYLOAD.rakp4), 0, shake.consoleSession, suite);
    expect(fourth).toEqual({ kind: 'ok', value: keys.rakp4Code(shake, Buffer.from(exchange.sik, 'hex')) });
  });

  it('makes the same datagrams, byte by byte', () => {
    const made = [
      sessionlessPacket(encodeRequest(commands.getChannelAuthenticationCapabilities, 0)),
      setupPacket(rakp.PAYLOAD.openSessionRequest, rakp.openSessionRequest(0, shake.consoleSession, suite)),
      setupPacket(rakp.PAYLOAD.rakp1, rakp.rakp1(0, shake.bmcSession, shake.consoleRandom, shake.role, shake.username)),
      setupPacket(rakp.PAYLOAD.rakp3, rakp.rakp3(0, 0, shake.bmcSession, keys.rakp3Code(shake, user))),
    ];
    const { capabilities, request, rakp1, rakp3 } = setup;
    expect(made.map(hex)).toEqual([capabilities, request, rakp1, rakp3].map(({ bytes }) => hex(bytes)));
  });

  it('reads what the BMC is able to, and what it agrees to', () => {
    const message = sessionlessMessage(setup.capable.bytes) ?? Buffer.alloc(0);
    const response = decodeResponse(message, commands.getChannelAuthenticationCapabilities, 0);
    expect(commands.capabilities(response?.data ?? Buffer.alloc(0))).toEqual({ speaksV2: true, hasBmcKey: false });
    const { authentication, integrity, confidentiality } = suite;
    expect(
      rakp.openSessionResponse(
        payloadOf(setup.response.bytes, rakp.PAYLOAD.openSessionResponse),
        0,
        shake.consoleSession,
      ),
    ).toEqual({ kind: 'ok', value: { bmcSession: shake.bmcSession, authentication, integrity, confidentiality } });
  });

  it('opens each packet of the session, and none of which a bit is another', () => {
    const protection = { suite, keys: keys.sessionKeys(suite, Buffer.from(exchange.sik, 'hex')) };
    for (const { from, bytes } of setup.session) {
      const receiver = from === 'bmc' ? shake.consoleSession : shake.bmcSession;
      const opened = open(protection, receiver, bytes);
      expect(opened).toBeDefined();
      expect(open(protection, receiver + 1, bytes)).toBeUndefined();
      const again = seal(protection, receiver, opened?.sequence ?? 0, opened?.payload ?? Buffer.alloc(0));
      expect(again.length).toBe(bytes.length);
      expect(open(protection, receiver, again)).toEqual(opened);
      // The RMCP header is not covered, the rest of it is.
      for (let bit = 32; bit < bytes.length * 8; bit += 1) {
        const changed = Buffer.from(bytes);
        changed.writeUInt8(changed.readUInt8(bit >> 3) ^ (1 << (bit & 7)), bit >> 3);
        expect(open(protection, receiver, changed)).toBeUndefined();
      }
    }
  });

  it('makes the same commands, and reads their answers', () => {
    const protection = { suite, keys: keys.sessionKeys(suite, Buffer.from(exchange.sik, 'hex')) };
    const payloads = setup.session.map(
      ({ from, bytes }) =>
        open(protection, from === 'bmc' ? shake.consoleSession : shake.bmcSession, bytes)?.payload ?? Buffer.alloc(0),
    );
    const answersTo = (request: IpmiRequest) =>
      payloads.flatMap((payload, index) => {
        const sequence = payload.readUInt8(4) >> 2;
        if (setup.session[index]?.from !== 'console' || !payload.equals(encodeRequest(request, sequence))) return [];
        return payloads
          .slice(index)
          .flatMap((answer) => decodeResponse(answer, request, sequence) ?? [])
          .slice(0, 1);
      });
    expect(answersTo(commands.setSessionPrivilege(rakp.PRIVILEGE.administrator))).toEqual([
      { completionCode: 0, data: Buffer.from([rakp.PRIVILEGE.administrator]) },
    ]);
    expect(answersTo(commands.getChassisStatus).map(({ data }) => commands.chassisStatus(data))).toEqual([
      { power: 'on', faults: [] },
      { power: 'off', faults: [] },
    ]);
    expect(answersTo(commands.getSystemGuid).map(({ data }) => uuidOf(data, 'smbios'))).toEqual([
      '00112233-4455-6677-8899-aabbccddeeff',
    ]);
    expect(answersTo(commands.powerDown)).toEqual([{ completionCode: 0, data: Buffer.alloc(0) }]);
    expect(answersTo(commands.closeSession(shake.bmcSession))).toEqual([{ completionCode: 0, data: Buffer.alloc(0) }]);
  });
});
