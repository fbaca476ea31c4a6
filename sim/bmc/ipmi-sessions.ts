import { timingSafeEqual } from 'node:crypto';
import { PRIVILEGE, type SessionView } from './ipmi-commands.ts';
import { hmac, keyOf, type Suite } from './ipmi-crypto.ts';

export interface Account {
  readonly username: string;
  readonly password: string;
  /** The highest level that this user may have; `administrator` if absent. */
  readonly limit?: keyof typeof PRIVILEGE;
}

export interface ActiveSession extends SessionView {
  readonly suite: Suite;
  readonly consoleSession: number;
  readonly k1: Buffer;
  readonly k2: Buffer;
  /** Numbers of packets that were taken. */
  readonly seen: Set<number>;
  sent: number;
  lastMs: number;
}

export interface SessionParts {
  readonly accounts: readonly Account[];
  readonly kg: Buffer | undefined;
  readonly guid: () => Buffer;
  readonly suites: readonly Suite[];
  readonly random: (bytes: number) => Buffer;
  readonly nowMs: () => number;
  /** How many sessions there may be at once. */
  readonly places: number;
  /** It refuses its own accounts, at the moment. */
  readonly refuses: () => boolean;
}

interface Opening {
  readonly suite: Suite;
  readonly consoleSession: number;
  readonly random: Buffer;
  /** What RAKP message 1 brought. */
  claim?: { readonly random: Buffer; readonly role: number; readonly name: Buffer; readonly account: Account };
}

/** RMCP+ status codes (13.24). */
const STATUS = { ok: 0x00, noResources: 0x01, badLevel: 0x0a, badName: 0x0d, badCode: 0x0f, noSuite: 0x11 } as const;
const IDLE_MS = 60_000;

/** The sessions of one BMC, and how they are opened (13.17 to 13.23, codes and keys by 13.31 and 13.32). */
export class Sessions {
  readonly active = new Map<number, ActiveSession>();
  readonly #opening = new Map<number, Opening>();
  readonly #parts: SessionParts;

  constructor(parts: SessionParts) {
    this.#parts = parts;
  }

  /** What is answered to a message of the session setup; undefined: nothing. */
  answer(type: number, payload: Buffer): Buffer | undefined {
    const id = payload.length < 8 ? 0 : payload.readUInt32LE(4);
    if (type === 0x10 && payload.length >= 32) return this.#openSession(payload, id);
    const opening = this.#opening.get(id);
    if (opening === undefined) return undefined;
    if (type === 0x12 && payload.length >= 28) return this.#rakp1(payload, id, opening);
    return type === 0x14 ? this.#rakp3(payload, id, opening) : undefined;
  }

  close(id: number): void {
    this.active.delete(id);
    this.#opening.delete(id);
  }

  #openSession(payload: Buffer, consoleSession: number): Buffer {
    const algorithms = [payload[12], payload[20], payload[28]];
    const suite = this.#parts.suites.find(({ algorithms: own }) => own.every((each, at) => each === algorithms[at]));
    if (suite === undefined) return reply(payload, STATUS.noSuite, consoleSession);
    for (const [id, { lastMs }] of this.active) if (this.#parts.nowMs() - lastMs > IDLE_MS) this.close(id);
    if (this.active.size >= this.#parts.places) return reply(payload, STATUS.noResources, consoleSession);
    // As many openings may hang about as sessions; the oldest goes first.
    const [oldest] = this.#opening.keys();
    if (this.#opening.size >= this.#parts.places && oldest !== undefined) this.#opening.delete(oldest);
    const id = this.#parts.random(4).readUInt32LE(0) || 1;
    this.#opening.set(id, { suite, consoleSession, random: this.#parts.random(16) });
    const agreed = suite.algorithms.flatMap((algorithm, type) => [type, 0, 0, 8, algorithm, 0, 0, 0]);
    // The highest level there is, when it is asked for.
    const level = payload.readUInt8(1) & 0x0f || PRIVILEGE.administrator;
    return Buffer.concat([reply(payload, STATUS.ok, consoleSession, level), bytesOf(id), Buffer.from(agreed)]);
  }

  #rakp1(payload: Buffer, id: number, opening: Opening): Buffer {
    const { consoleSession, suite } = opening;
    const role = payload.readUInt8(24);
    const name = payload.subarray(28, 28 + payload.readUInt8(27));
    const account = this.#parts.accounts.find(({ username }) => Buffer.from(username).equals(name));
    const level = PRIVILEGE[account?.limit ?? 'administrator'];
    if (account === undefined || this.#parts.refuses()) return this.#refuse(payload, STATUS.badName, id, opening);
    if ((role & 0x0f) > level) return this.#refuse(payload, STATUS.badLevel, id, opening);
    const claim = { random: Buffer.from(payload.subarray(8, 24)), role, name: Buffer.from(name), account };
    opening.claim = claim;
    const code = hmac(
      suite,
      Buffer.from(account.password),
      bytesOf(consoleSession),
      bytesOf(id),
      claim.random,
      opening.random,
      this.#parts.guid(),
      Buffer.from([role, name.length]),
      name,
    );
    return Buffer.concat([reply(payload, STATUS.ok, consoleSession), opening.random, this.#parts.guid(), code]);
  }

  #rakp3(payload: Buffer, id: number, opening: Opening): Buffer | undefined {
    const { suite, claim, consoleSession } = opening;
    if (payload[1] !== STATUS.ok || claim === undefined) {
      this.#opening.delete(id);
      return undefined;
    }
    const password = Buffer.from(claim.account.password);
    const roleAndName = Buffer.concat([Buffer.from([claim.role, claim.name.length]), claim.name]);
    const wanted = hmac(suite, password, opening.random, bytesOf(consoleSession), roleAndName);
    const code = payload.subarray(8);
    if (code.length !== wanted.length || !timingSafeEqual(code, wanted))
      return this.#refuse(payload, STATUS.badCode, id, opening);
    // Said again, it changes nothing.
    const sik = hmac(suite, this.#parts.kg ?? password, claim.random, opening.random, roleAndName);
    const session: ActiveSession = this.active.get(id) ?? {
      id,
      suite,
      consoleSession,
      limit: Math.min(claim.role & 0x0f, PRIVILEGE[claim.account.limit ?? 'administrator']),
      level: PRIVILEGE.user,
      closed: false,
      k1: keyOf(suite, sik, 1),
      k2: keyOf(suite, sik, 2),
      seen: new Set(),
      sent: 0,
      lastMs: this.#parts.nowMs(),
    };
    this.active.set(id, session);
    const check = hmac(suite, sik, claim.random, bytesOf(id), this.#parts.guid()).subarray(0, suite.cut);
    return Buffer.concat([reply(payload, STATUS.ok, consoleSession), check]);
  }

  #refuse(payload: Buffer, status: number, id: number, { consoleSession }: Opening): Buffer {
    this.#opening.delete(id);
    return reply(payload, status, consoleSession);
  }
}

function reply(to: Buffer, status: number, consoleSession: number, level = 0): Buffer {
  return Buffer.concat([Buffer.from([to[0] ?? 0, status, level, 0]), bytesOf(consoleSession)]);
}

function bytesOf(id: number): Buffer {
  const bytes = Buffer.alloc(4);
  bytes.writeUInt32LE(id);
  return bytes;
}
