import { randomBytes, randomInt } from 'node:crypto';
import type { Channel } from './channel.ts';
import type { CipherSuite } from './cipher-suites.ts';
import { statusMeaning } from './codes.ts';
import { type Capabilities, capabilities, getChannelAuthenticationCapabilities } from './commands.ts';
import {
  type Handshake,
  rakp2Code,
  rakp3Code,
  rakp4Code,
  type SessionKeys,
  sameCode,
  sessionIntegrityKey,
  sessionKeys,
  type UserKeys,
} from './keys.ts';
import type { Login } from './login.ts';
import { decodeResponse, encodeRequest } from './message.ts';
import * as rakp from './rakp.ts';
import { accountRefused, failed, ok, type Result, refused } from './result.ts';
import { sessionlessMessage, sessionlessPacket } from './rmcp.ts';
import { setupPacket, setupPayload } from './rmcp-plus.ts';

/** What a session is made of, once both sides have proven that they know the password. */
export interface Agreed {
  readonly suite: CipherSuite;
  readonly keys: SessionKeys;
  readonly consoleSession: number;
  readonly bmcSession: number;
}

const RANDOM_BYTES = 16;
const INVALID_INTEGRITY_CHECK = 0x0f;
/** Unauthorized role or privilege level, unauthorized name, and a proof of the password that does not hold (13.24). */
const OF_THE_ACCOUNT: ReadonlySet<number> = new Set([0x09, 0x0a, 0x0d, INVALID_INTEGRITY_CHECK]);

/**
 * Opens a session (13.17 to 13.23): capabilities, RMCP+ Open Session, RAKP messages 1 to 4. A suite
 * other than the wanted one is never taken, whatever the BMC offers.
 */
export async function agree(channel: Channel, login: Login, deadlineMs: number): Promise<Result<Agreed>> {
  const { suite, username, keys } = login;
  const consoleSession = randomInt(1, 2 ** 32);
  const tag = randomInt(0, 2 ** 8);
  const consoleRandom = randomBytes(RANDOM_BYTES);
  const role = login.level | rakp.NAME_ONLY_LOOKUP;
  /** Some message was sent twice: then a complaint of the BMC may be about that. */
  let repeated = false;

  async function ask<T>(
    name: string,
    [type, payload]: readonly [number, Buffer],
    answer: (payload: Buffer) => rakp.Said<T> | undefined,
  ): Promise<Result<T>> {
    const packet = setupPacket(type, payload);
    const heard = await channel.exchange({
      datagram: () => packet,
      answer: (datagram) => {
        const received = setupPayload(datagram, type + 1);
        return received === undefined ? undefined : answer(received);
      },
      repeat: true,
      deadlineMs,
    });
    if (heard.kind === 'silence') return failed(`${name}: ${heard.detail}`);
    repeated ||= heard.repeated;
    if (heard.value.kind === 'ok') return heard.value;
    const { words, final } = statusMeaning(heard.value.status);
    const said = `${name} answered ${words}`;
    if (!final || repeated) return failed(said);
    return OF_THE_ACCOUNT.has(heard.value.status) ? accountRefused(said) : refused(said);
  }

  const able = await askCapabilities(channel, deadlineMs);
  if (able.kind !== 'ok') return able;
  if (!able.value.speaksV2) return refused('the BMC says that it does not speak IPMI v2.0');

  const opened = await ask(
    'Open Session',
    [rakp.PAYLOAD.openSessionRequest, rakp.openSessionRequest(tag, consoleSession, suite)],
    (payload) => rakp.openSessionResponse(payload, tag, consoleSession),
  );
  if (opened.kind !== 'ok') return opened;
  const { bmcSession, authentication, integrity, confidentiality } = opened.value;
  if (
    authentication !== suite.authentication ||
    integrity !== suite.integrity ||
    confidentiality !== suite.confidentiality
  )
    return refused(`the BMC does not agree to cipher suite ${suite.id}`);

  const second = await ask(
    'RAKP message 1',
    [rakp.PAYLOAD.rakp1, rakp.rakp1(tag, bmcSession, consoleRandom, role, username)],
    (payload) => rakp.rakp2(payload, tag, consoleSession, suite),
  );
  if (second.kind !== 'ok') return second;
  const { bmcRandom, bmcGuid, code } = second.value;
  const shake: Handshake = {
    suite,
    consoleSession,
    bmcSession,
    consoleRandom,
    bmcRandom,
    bmcGuid,
    role,
    username,
  };
  if (!sameCode(rakp2Code(shake, keys), code)) {
    const goodbye = rakp.rakp3(tag, INVALID_INTEGRITY_CHECK, bmcSession, Buffer.alloc(0));
    channel.send(setupPacket(rakp.PAYLOAD.rakp3, goodbye));
    return accountRefused('the password is wrong, or this is not the BMC (RAKP message 2)');
  }

  const fourth = await ask(
    'RAKP message 3',
    [rakp.PAYLOAD.rakp3, rakp.rakp3(tag, 0, bmcSession, rakp3Code(shake, keys))],
    (payload) => rakp.rakp4(payload, tag, consoleSession, suite),
  );
  if (fourth.kind !== 'ok') return fourth;
  const sik = sessionIntegrityKey(shake, keys);
  if (!sameCode(rakp4Code(shake, sik), fourth.value))
    return accountRefused(`the BMC has another key (RAKP message 4)${aboutBmcKey(able.value, keys)}`);
  return ok({ suite, keys: sessionKeys(suite, sik), consoleSession, bmcSession });
}

async function askCapabilities(channel: Channel, deadlineMs: number): Promise<Result<Capabilities>> {
  const sequence = 0;
  const packet = sessionlessPacket(encodeRequest(getChannelAuthenticationCapabilities, sequence));
  const heard = await channel.exchange({
    datagram: () => packet,
    answer: (datagram) => {
      const message = sessionlessMessage(datagram);
      return message && decodeResponse(message, getChannelAuthenticationCapabilities, sequence);
    },
    repeat: true,
    deadlineMs,
  });
  if (heard.kind === 'silence') return failed(heard.detail);
  const able = heard.value.completionCode === 0 ? capabilities(heard.value.data) : undefined;
  // Some BMCs are wrong about themselves; the session tells.
  return ok(able ?? { speaksV2: true, hasBmcKey: false });
}

/** A hint: nobody vouches for the capabilities. */
function aboutBmcKey({ hasBmcKey }: Capabilities, { bmc }: UserKeys): string {
  if (hasBmcKey && bmc === undefined) return '; it says that a BMC key (Kg) is set: put it into the secret as "kg"';
  if (!hasBmcKey && bmc !== undefined) return '; it says that no BMC key (Kg) is set';
  return '';
}
