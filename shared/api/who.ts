import { createHash, timingSafeEqual } from 'node:crypto';
import { createMiddleware } from 'hono/factory';
import type { Access, Role } from '#shared/domain/policy-access.ts';
import { PermanentError } from '#shared/errors.ts';
import type { Clock, Secrets } from '#shared/ports.ts';
import type { Log } from '#shared/services.ts';
import { problem } from '../ingest/problem.ts';

/** Who asks, and what he may do. */
export interface Person {
  /** It goes into the audit. */
  readonly name: string;
  readonly role: Role;
}

export interface ApiEnv {
  Variables: { person: Person };
}

interface Parts {
  readonly secrets: Secrets;
  readonly clock: Pick<Clock, 'now'>;
  readonly log: Log;
  readonly access: Access | undefined;
  /**
   * Whether whoever reaches this server is let in as an approver while the policy has no `access`: true only of one that
   * listens on loopback.
   */
  readonly isLocal: boolean;
}

const LOCAL: Person = { name: 'local', role: 'approver' };
/** A changed token is known after so long. */
const KEEP_MS = 30_000;
/** What is shorter can be guessed. */
const MIN_TOKEN_BYTES = 16;

/** Lets in who sends a token of the policy's `access` (RFC 6750), or anybody of this machine while there is none. */
export function letIn(parts: Parts) {
  const people = keptPeople(parts);
  return createMiddleware<ApiEnv>(async (c, next) => {
    if (parts.access === undefined) {
      if (!parts.isLocal) return problem(403, 'the policy has no access: nobody may look from other machines');
      if (!isLoopback(c.req.header('host'))) return problem(403, 'ask for 127.0.0.1 or localhost by that name');
      c.set('person', LOCAL);
      return next();
    }
    const [, token] = /^bearer +(\S+)$/i.exec(c.req.header('authorization') ?? '') ?? [];
    if (token === undefined) return problem(401, 'send a token: "Authorization: Bearer <token>"');
    const person = (await people()).find(({ value }) => same(token, value));
    if (person === undefined) return problem(401, 'nobody of the policy’s access has this token');
    c.set('person', { name: person.name, role: person.role });
    return next();
  });
}

const RANK: Readonly<Record<Role, number>> = { viewer: 0, operator: 1, approver: 2 };

/** Whether somebody of this role may do what that role may. */
export const mayAs = ({ role }: Person, needed: Role): boolean => RANK[role] >= RANK[needed];

/** A page of another site may reach this machine by a name of its own: then it is that name that it asks for. */
const isLoopback = (host: string | undefined): boolean =>
  /^(localhost|127\.\d+\.\d+\.\d+|\[::1\])(:\d+)?$/.test(host ?? '');

/** In a time that tells nothing of either. */
const same = (a: string, b: string): boolean => timingSafeEqual(digest(a), digest(b));
const digest = (text: string): Buffer => createHash('sha256').update(text).digest();

interface Known extends Person {
  readonly value: string;
}

/** Of all, read again when they are too old. One whose secret is missing keeps nobody else out. */
function keptPeople({ secrets, clock, log, access }: Parts): () => Promise<readonly Known[]> {
  let kept: { readonly untilMs: number; readonly people: Promise<readonly Known[]> } | undefined;
  const readOne = async (name: string, { token, role }: Access['people'][string]): Promise<readonly Known[]> => {
    try {
      const record = await secrets.get(token);
      const values = ['token', 'previousToken'].flatMap((field) => record[field] || []);
      if (values.length === 0) throw new PermanentError(`secret ${token} needs token`);
      if (values.some((value) => Buffer.byteLength(value) < MIN_TOKEN_BYTES))
        throw new PermanentError(`the token of secret ${token} has fewer than ${MIN_TOKEN_BYTES} characters`);
      return values.map((value) => ({ name, role, value }));
    } catch (error) {
      if (!(error instanceof PermanentError)) throw error;
      log.error('a person can not be let in', { person: name, error: error.message });
      return [];
    }
  };
  return () => {
    if (kept !== undefined && clock.now() < kept.untilMs) return kept.people;
    const all = Object.entries(access?.people ?? {}).map(([name, each]) => readOne(name, each));
    const people = Promise.all(all).then((found) => found.flat());
    kept = { untilMs: clock.now() + KEEP_MS, people };
    people.catch(() => {
      kept = undefined;
    });
    return people;
  };
}
