import { randomBytes } from 'node:crypto';
import { createSocket } from 'node:dgram';
import { once } from 'node:events';
import { systemClock, type WorldClock } from '../clock.ts';
import { type Answer, type Chassis, CODE, sessionAnswer, sessionlessAnswer } from './ipmi-commands.ts';
import { decrypted, encrypted, hmac, SUITES } from './ipmi-crypto.ts';
import {
  answerTo,
  type Message,
  messageIn,
  type Packet,
  packetIn,
  sessionPacket,
  setupPacket,
  v1Packet,
} from './ipmi-packets.ts';
import { type Account, type ActiveSession, Sessions } from './ipmi-sessions.ts';

/** What is wrong with a BMC at the moment. */
export interface IpmiFaults {
  /** It does not hear what was sent. */
  deaf(): boolean;
  /** Before it answers. */
  delayMs(): number;
  /** Each command ends with an unspecified error. */
  failing(): boolean;
  /** It refuses its own accounts. */
  refusing(): boolean;
}

export interface IpmiBmcOptions {
  readonly accounts: readonly Account[];
  /** Its own key (Kg), 20 bytes at most. */
  readonly kg?: Buffer;
  /** Both if absent. */
  readonly cipherSuites?: readonly (3 | 17)[];
  readonly chassis: Chassis;
  readonly faults?: IpmiFaults;
  /** How many sessions there may be at once; 4 if absent, as small BMCs have. */
  readonly places?: number;
  readonly clock?: WorldClock;
  /** For ids, random numbers and initialization vectors. */
  readonly random?: (bytes: number) => Buffer;
  /** Told each command of a session, before it is done and after. */
  readonly onCommand?: (message: Message) => (code: number) => void;
}

export interface IpmiBmc {
  readonly port: number;
  /** Sessions that were opened and not closed. */
  readonly sessions: number;
  stop(): Promise<void>;
}

const HEALTHY: IpmiFaults = { deaf: () => false, delayMs: () => 0, failing: () => false, refusing: () => false };
/** How far a packet's number may lag behind, or run ahead of, the highest. */
const WINDOW = { behind: 16, ahead: 15 } as const;
const NO_GUID = Buffer.alloc(16);

/**
 * A BMC on a UDP port of 127.0.0.1 that speaks IPMI v2.0 over LAN (RMCP+), cipher suites 3 and 17. Only what powering
 * and reading need; `ipmitool -I lanplus` works on it, and says whether keys and codes are right.
 */
export async function startIpmiBmc(options: IpmiBmcOptions): Promise<IpmiBmc> {
  const { chassis, faults = HEALTHY, clock = systemClock(), random = randomBytes } = options;
  const suites = SUITES.filter(({ id }) => options.cipherSuites?.includes(id) ?? true);
  const sessions = new Sessions({
    accounts: options.accounts,
    kg: options.kg,
    guid: () => chassis.systemGuid() ?? NO_GUID,
    suites,
    random,
    nowMs: () => clock.now(),
    places: options.places ?? 4,
    refuses: () => faults.refusing(),
  });

  function answer(packet: Packet): Buffer | undefined {
    if (packet.session !== 0) return sessionAnswerTo(packet);
    if (packet.payloadType === 0) {
      const message = messageIn(packet.payload);
      if (message === undefined) return undefined;
      const { code, data } = sessionlessAnswer(message, { suites, hasKg: options.kg !== undefined });
      const payload = answerTo(message, code, data ?? Buffer.alloc(0));
      return packet.version === 1 ? v1Packet(payload) : setupPacket(0, payload);
    }
    const payload = sessions.answer(packet.payloadType, packet.payload);
    return payload && setupPacket(packet.payloadType + 1, payload);
  }

  function sessionAnswerTo(packet: Packet): Buffer | undefined {
    const session = sessions.active.get(packet.session);
    const message = session && messageOf(session, packet);
    if (session === undefined || message === undefined) return undefined;
    session.lastMs = clock.now();
    const done = options.onCommand?.(message);
    const { code, data }: Answer = faults.failing()
      ? { code: CODE.unspecified }
      : sessionAnswer(message, session, chassis);
    done?.(code);
    if (session.closed) sessions.close(session.id);
    session.sent += 1;
    const payload = encrypted(session.k2, random(16), answerTo(message, code, data ?? Buffer.alloc(0)));
    return sessionPacket(session.consoleSession, session.sent, payload, codeOf(session));
  }

  const socket = createSocket('udp4');
  socket.on('message', (datagram, { address, port }) => {
    if (faults.deaf()) return;
    const packet = packetIn(datagram);
    if (packet === undefined) return;
    const act = (): void => {
      const datagramBack = answer(packet);
      if (datagramBack !== undefined) socket.send(datagramBack, port, address);
    };
    const delayMs = faults.delayMs();
    if (delayMs > 0) clock.after(delayMs, act);
    else act();
  });
  socket.bind(0, '127.0.0.1');
  await once(socket, 'listening');
  return {
    port: socket.address().port,
    get sessions() {
      return sessions.active.size;
    },
    stop: async () => {
      const closed = once(socket, 'close');
      socket.close();
      await closed;
    },
  };
}

const codeOf =
  ({ suite, k1 }: ActiveSession) =>
  (covered: Buffer): Buffer =>
    hmac(suite, k1, covered).subarray(0, suite.cut);

/** The message of a packet that is encrypted, authentic and new. */
function messageOf(session: ActiveSession, packet: Packet): Message | undefined {
  if (!packet.encrypted || !packet.authenticated || packet.payloadType !== 0) return undefined;
  const covered = packet.whole.subarray(0, -session.suite.cut);
  if (!codeOf(session)(covered).equals(packet.whole.subarray(-session.suite.cut))) return undefined;
  const highest = Math.max(0, ...session.seen);
  const { sequence } = packet;
  if (session.seen.has(sequence) || sequence < highest - WINDOW.behind || sequence > highest + WINDOW.ahead)
    return undefined;
  session.seen.add(sequence);
  for (const old of session.seen) if (old < highest - WINDOW.behind) session.seen.delete(old);
  const plain = decrypted(session.k2, packet.payload);
  return plain && messageIn(plain);
}
