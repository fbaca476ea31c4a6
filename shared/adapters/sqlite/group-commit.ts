import type { DatabaseSync } from 'node:sqlite';
import { isRefusedValue, isSqliteError, outOfOrder, refused } from './errors.ts';

/** Transactions per group at most, so that a burst does not hold the event loop for long. */
const TRANSACTIONS_PER_GROUP = 256;

interface Waiting {
  readonly run: () => void;
  readonly resolve: () => void;
  readonly reject: (error: unknown) => void;
}

export interface GroupCommit {
  /**
   * Runs `run` inside a transaction; resolves when it is safely on disk. What `run` throws undoes its own
   * writes only, unless the engine itself fails.
   * @throws RetryableError when the group could not be committed.
   */
  submit(run: () => void): Promise<void>;
  /** Commits everything that waits, now. */
  flush(): void;
}

/**
 * A flush to disk takes milliseconds whatever its size, and `node:sqlite` blocks meanwhile. So transactions that
 * arrive in the same turn of the event loop share one COMMIT, each behind its own SAVEPOINT. A group runs without
 * pause from BEGIN to COMMIT, hence no read on this connection ever sees half of one.
 */
export function groupCommit(database: DatabaseSync): GroupCommit {
  const [begin, savepoint, release, undo, commit] = [
    database.prepare('BEGIN IMMEDIATE'),
    database.prepare('SAVEPOINT one'),
    database.prepare('RELEASE one'),
    database.prepare('ROLLBACK TO one'),
    database.prepare('COMMIT'),
  ];
  let waiting: Waiting[] = [];
  let timer: NodeJS.Immediate | undefined;

  /** @returns what to tell the caller once the group is on disk. */
  function runOne({ run, resolve, reject }: Waiting): () => void {
    savepoint.run();
    try {
      run();
      release.run();
      return resolve;
    } catch (error) {
      // The engine may have rolled back the whole group: another statement would then commit by itself.
      if (isSqliteError(error) && !isRefusedValue(error)) throw error;
      undo.run();
      release.run();
      return () => reject(isRefusedValue(error) ? refused(error) : error);
    }
  }

  function runGroup(group: readonly Waiting[]): void {
    const answers: (() => void)[] = [];
    try {
      begin.run();
      for (const one of group) answers.push(runOne(one));
      commit.run();
    } catch (error) {
      rollBack(database);
      for (const one of group) one.reject(outOfOrder(error));
      return;
    }
    for (const answer of answers) answer();
  }

  function takeGroup(): readonly Waiting[] {
    const group = waiting.slice(0, TRANSACTIONS_PER_GROUP);
    waiting = waiting.slice(TRANSACTIONS_PER_GROUP);
    return group;
  }

  function runOnTurn(): void {
    runGroup(takeGroup());
    timer = waiting.length > 0 ? setImmediate(runOnTurn) : undefined;
  }

  return {
    submit: (run) =>
      new Promise((resolve, reject) => {
        waiting.push({ run, resolve, reject });
        timer ??= setImmediate(runOnTurn);
      }),
    flush: () => {
      clearImmediate(timer);
      timer = undefined;
      while (waiting.length > 0) runGroup(takeGroup());
    },
  };
}

/** A connection that cannot roll back is closed: its reads would show what was never committed. */
function rollBack(database: DatabaseSync): void {
  if (!database.isOpen || !database.isTransaction) return;
  try {
    database.exec('ROLLBACK');
  } catch {
    database.close();
  }
}
