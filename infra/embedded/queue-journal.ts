import { DatabaseSync } from 'node:sqlite';
import type { SqsMessage, SqsPersistence } from './fauxqs.ts';

/**
 * What fauxqs holds in memory, on disk. fauxqs's own persistence is not used: it commits each row by itself (a kill
 * while a message moves to its dead-letter queue loses it, and every message costs a flush of its own), and its
 * change of a visibility timeout to 0 breaks a constraint and drops the message from memory.
 */
export interface QueueJournal extends SqsPersistence {
  /** What was in each queue at the start, oldest first. Who had received one is gone with its process: all are visible. */
  readonly kept: ReadonlyMap<string, readonly SqsMessage[]>;
  /**
   * Resolves when all that was written before is as safe as it must be.
   * @throws Error when it could not be written.
   */
  committed(): Promise<void>;
  /** Commits what waits and lets go of the file. */
  close(): void;
}

/** Rows lie in the order of their sending, in one B-tree: their numbers are found in memory. */
const SCHEMA = `
  CREATE TABLE IF NOT EXISTS messages (
    row                  INTEGER PRIMARY KEY,
    queue                TEXT    NOT NULL,
    message              TEXT    NOT NULL,
    receive_count        INTEGER NOT NULL,
    first_received_at_ms INTEGER
  ) STRICT;
`;

/**
 * What a power cut or a kill may undo. `flushed`: neither; a message that was sent is never lost. `written`: a power
 * cut, but no kill; a receive undone makes a repeat look like a first delivery, which is sound, as a start sends
 * again all that is open. `soon`: both; a message whose delete is undone comes again.
 */
type Care = 'flushed' | 'written' | 'soon';
const SOON_MS = 10;

interface Group {
  readonly writes: (() => unknown)[];
  readonly done: PromiseWithResolvers<void>;
  flush: boolean;
  awaited: boolean;
}

/** @param path a file in a folder that exists; the caller sees to it that no other process has it open. */
export function openQueueJournal(path: string): QueueJournal {
  const database = new DatabaseSync(path);
  database.exec(`PRAGMA journal_mode = WAL; PRAGMA fullfsync = ON; ${SCHEMA}`);
  const [begin, commit] = [database.prepare('BEGIN IMMEDIATE'), database.prepare('COMMIT')];
  const insert = database.prepare('INSERT INTO messages VALUES (?, ?, ?, ?, ?)');
  const received = database.prepare('UPDATE messages SET receive_count = ?, first_received_at_ms = ? WHERE row = ?');
  const remove = database.prepare('DELETE FROM messages WHERE row = ?');
  const removeAll = database.prepare('DELETE FROM messages WHERE queue = ?');
  const kept = new Map<string, SqsMessage[]>();
  const rows = new Map<string, number>();
  let lastRow = 0;
  for (const row of database.prepare('SELECT * FROM messages ORDER BY row').iterate()) {
    const message = toMessage(row);
    lastRow = Number(row.row);
    rows.set(message.messageId, lastRow);
    const queue = String(row.queue);
    if (kept.get(queue)?.push(message) === undefined) kept.set(queue, [message]);
  }
  let group: Group | undefined;
  let soon: NodeJS.Timeout | undefined;
  let flushing: boolean | undefined;

  function rowOf(messageId: string): number {
    const row = rows.get(messageId);
    if (row === undefined) throw new Error(`message ${messageId} is not in the journal`);
    return row;
  }

  /** All that is written in one turn of the event loop is one transaction: requests share its flush. */
  function write(care: Care, run: () => unknown): void {
    if (group === undefined) {
      group = { writes: [], done: Promise.withResolvers(), flush: false, awaited: false };
      group.done.promise.catch(() => {});
    }
    group.writes.push(run);
    group.flush ||= care === 'flushed';
    if (care === 'soon') soon ??= setTimeout(commitGroup, SOON_MS);
    else if (!group.awaited) {
      group.awaited = true;
      setImmediate(commitGroup);
    }
  }

  function commitGroup(): void {
    clearTimeout(soon);
    soon = undefined;
    if (group === undefined) return;
    const { writes, done, flush } = group;
    group = undefined;
    try {
      if (flush !== flushing) database.exec(`PRAGMA synchronous = ${flush ? 'FULL' : 'NORMAL'}`);
      flushing = flush;
      begin.run();
      for (const run of writes) run();
      commit.run();
      done.resolve();
    } catch (cause) {
      if (database.isTransaction) database.exec('ROLLBACK');
      done.reject(new Error('the queues cannot be written to disk', { cause }));
    }
  }

  return {
    // Queues come from the catalogue at each start, never from the disk.
    insertQueue: () => {},
    deleteQueue: () => {},
    updateQueueAttributes: () => {},
    updateQueueSequenceCounter: () => {},
    insertMessage: (queue, message) => {
      const { messageId, approximateReceiveCount, approximateFirstReceiveTimestamp = null } = message;
      lastRow += 1;
      const row = lastRow;
      rows.set(messageId, row);
      const text = JSON.stringify(message);
      write('flushed', () => insert.run(row, queue, text, approximateReceiveCount, approximateFirstReceiveTimestamp));
    },
    deleteMessage: (messageId) => {
      const row = rowOf(messageId);
      rows.delete(messageId);
      write('soon', () => remove.run(row));
    },
    updateMessageInflight: (messageId, _receiptHandle, _visibleAtMs, receiveCount, firstReceivedAtMs) => {
      const row = rowOf(messageId);
      write('written', () => received.run(receiveCount, firstReceivedAtMs ?? null, row));
    },
    updateMessageReady: () => {},
    deleteQueueMessages: (queue) => write('written', () => removeAll.run(queue)),
    kept,
    committed: async () => (group?.awaited ? group.done.promise : undefined),
    close: () => {
      commitGroup();
      database.close();
    },
  };
}

function toMessage(row: Record<string, unknown>): SqsMessage {
  const message = JSON.parse(String(row.message)) as SqsMessage;
  message.approximateReceiveCount = Number(row.receive_count);
  if (row.first_received_at_ms !== null) message.approximateFirstReceiveTimestamp = Number(row.first_received_at_ms);
  return message;
}
