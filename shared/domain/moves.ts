import type { Answer, Migration, Server } from '#shared/ports.ts';
import { toldAnswer } from './told.ts';

/** Live migrations that salvor asks for: away from a host in maintenance, or back home. Times are Unix ms. */

/** One live migration, from its committed intent to its end. Nova refuses a second one while it runs. */
export interface Move {
  readonly instanceId: string;
  readonly name: string;
  readonly from: string;
  /** Asked for; null left the choice to Nova's scheduler. */
  readonly to: string | null;
  readonly attempt: number;
  readonly intendedAtMs: number;
  /** The newest live migration of the instance before: a later one is this move's. */
  readonly lastMigrationId: number;
  /** `none`: no answer is on record. */
  readonly answer: 'none' | 'accepted' | 'unknown' | 'found';
}

export type MoveOutcome =
  /** It runs on another host than before. */
  | 'moved'
  /** It runs where it was. */
  | 'failed'
  /** Deleted, or on no host any more. */
  | 'gone'
  /** It runs in Nova, and salvor waits for it no longer. */
  | 'left';

/** Goes to the host's stream; `of` is the return or the maintenance that asks. */
export type MoveFact =
  | ({ readonly type: 'move-intended'; readonly of: string } & Omit<Move, 'answer'>)
  | {
      readonly type: 'move-answered';
      readonly of: string;
      readonly instanceId: string;
      readonly answer: 'accepted' | 'refused' | 'unknown';
      readonly detail: string;
      readonly requestId: string | null;
      readonly durationMs: number;
    }
  | { readonly type: 'move-found'; readonly of: string; readonly instanceId: string; readonly atMs: number }
  | {
      readonly type: 'move-ended';
      readonly of: string;
      readonly instanceId: string;
      readonly outcome: MoveOutcome;
      readonly because: string;
      /** Where it is by now. */
      readonly host: string | null;
      readonly atMs: number;
      /** Of one that failed: when it may be tried again; null: not any more. */
      readonly retryAtMs: number | null;
    };

/** What a look at one move rests on. */
export interface MoveSight {
  readonly instanceId: string;
  /** Null: there is no such instance any more. */
  readonly server: Pick<Server, 'host' | 'taskState'> | null;
  /** The newest live migration that came after the intent; null: none has shown. */
  readonly migration: Pick<Migration, 'id' | 'status'> | null;
}

export interface MoveLimits {
  readonly settleSeconds: number;
  readonly moveTimeoutSeconds: number;
}

/** Nova writes the instance's task down before it answers: without one, and without a record, nothing runs. */
const ACCEPTED_SHOWS_MS = 10_000;

/** Statuses in which Nova itself no longer counts a live migration as in progress. */
const FINAL: ReadonlySet<string> = new Set(['error', 'failed', 'completed', 'cancelled', 'done']);

export type EndedMove = Pick<Extract<MoveFact, { type: 'move-ended' }>, 'outcome' | 'because' | 'host'>;

/**
 * What has become of a move: a request whose fate is unknown is reconciled from the instance and its migrations, and
 * never sent again before its settle time is over.
 * @returns `running`: it is seen to run. `waits`: nothing can be told yet.
 */
export function settleMove(
  move: Move,
  { server, migration }: MoveSight,
  { settleSeconds, moveTimeoutSeconds }: MoveLimits,
  nowMs: number,
): EndedMove | 'running' | 'waits' {
  if (server === null) return { outcome: 'gone', because: 'it was deleted', host: null };
  const { host, taskState } = server;
  if (host === null) return { outcome: 'gone', because: 'it is on no host any more', host };
  const ageMs = nowMs - move.intendedAtMs;
  const runs = taskState !== null || (migration !== null && !FINAL.has(migration.status));
  if (runs && ageMs > moveTimeoutSeconds * 1000)
    return { outcome: 'left', because: `it is ${taskState ?? migration?.status} for ${moveTimeoutSeconds} s`, host };
  if (taskState !== null) return taskState === 'migrating' ? 'running' : 'waits';
  if (host !== move.from) return { outcome: 'moved', because: `it is on ${host}`, host };
  const failed = (because: string): EndedMove => ({ outcome: 'failed', because, host });
  if (migration !== null) return runs ? 'running' : failed(`its live migration ended as ${migration.status}`);
  if (move.answer === 'accepted')
    return ageMs < ACCEPTED_SHOWS_MS ? 'waits' : failed('Nova took it, and nothing came of it');
  if (move.answer === 'found') return failed('its live migration is not there any more');
  return ageMs < settleSeconds * 1000 ? 'waits' : failed(`no live migration has shown after ${settleSeconds} s`);
}

/** The newest that came after the intent. */
export const migrationOfMove = (
  { lastMigrationId }: Pick<Move, 'lastMigrationId'>,
  migrations: readonly Migration[],
): MoveSight['migration'] => {
  const [newest] = migrations.filter(({ id }) => id > lastMigrationId).sort((a, b) => b.id - a.id);
  return newest === undefined ? null : { id: newest.id, status: newest.status };
};

export const newestMigrationId = (migrations: readonly Pick<Migration, 'id'>[]): number =>
  Math.max(0, ...migrations.map(({ id }) => id));

export function moveAnswered(
  of: string,
  instanceId: string,
  answer: Answer,
): Extract<MoveFact, { type: 'move-answered' }> {
  return { type: 'move-answered', of, instanceId, ...toldAnswer(answer) };
}

/** The move after a fact about it; null once it has ended. */
export function evolveMove(move: Move | null, fact: MoveFact): Move | null {
  switch (fact.type) {
    case 'move-intended': {
      const { type: _, of: __, ...intended } = fact;
      return { ...intended, answer: 'none' };
    }
    case 'move-answered':
      // One that was found to run has its outcome: the late answer adds nothing.
      if (move === null || move.answer === 'found' || fact.answer === 'refused') return move;
      return { ...move, answer: fact.answer };
    case 'move-found':
      return move && { ...move, answer: 'found' };
    case 'move-ended':
      return null;
  }
}
