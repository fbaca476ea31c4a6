import { DatabaseSync } from 'node:sqlite';
import type { SqsMessage, SqsPersistence } from './fauxqs.ts';

/**
 * What fauxqs holds in memory, on disk. fauxqs's own persistence is not used: it commits each row by itself (a kill
 * while a message moves to its dead-letter queue loses it, and every message costs a flush of its own), and its
 * change of a visibility timeout to 0 breaks a constraint and drops the message from memory.
 */
export interface QueueJournal extends SqsPersistence {
  /** What the queue held, oldest first. Whoever had received one is gone with its process, so all are visible. */
  messagesOf(queue: string): readonly SqsMessage[];
  /** Names of all queues that hold messages. */
  queues(): readonly string[];
  /**
   * Resolves when all that was written before is safely on disk.
   * @throws Error when it could not be written.
   */
  committed(): Promise<void>;
  /** Commits what waits and lets go of the file. */
  close(): void;
}

const SCHEMA = `
  CREATE TABLE IF NOT EXISTS messages (
    message_id           TEXT PRIMARY KEY,
    queue                TEXT NOT NULL,
    message              TEXT NOT NULL,
    receive_count        INTEGER NOT NULL,
    first_received_at_ms INTEGER
  ) STRICT;
  CREATE INDEX IF NOT EXISTS messages_of_queue ON messages (queue);
`;

interface Group {
  readonly done: PromiseWithResolvers<void>;
  failure?: { readonly cause: unknown };
}

/** @param path a file in a folder that exists; the caller sees to it that no other process has it open. */
export function openQueueJournal(path: string): QueueJournal {
  const database = new DatabaseSync(path);
  database.exec(`PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL; PRAGMA fullfsync = ON; ${SCHEMA}`);
  const [begin, commit, rollback] = [
    database.prepare('BEGIN IMMEDIATE'),
    database.prepare('COMMIT'),
    database.prepare('ROLLBACK'),
  ];
  const insert = database.prepare('INSERT OR REPLACE INTO messages VALUES (?, ?, ?, ?, ?)');
  const received = database.prepare(
    'UPDATE messages SET receive_count = ?, first_received_at_ms = ? WHERE message_id = ?',
  );
  const remove = database.prepare('DELETE FROM messages WHERE message_id = ?');
  const removeAll = database.prepare('DELETE FROM messages WHERE queue = ?');
  const load = database.prepare('SELECT * FROM messages WHERE queue = ? ORDER BY rowid');
  const names = database.prepare('SELECT DISTINCT queue FROM messages ORDER BY queue');
  let group: Group | undefined;

  /** All that is written in one turn of the event loop is one transaction: requests share its flush. */
  function write(run: () => unknown): void {
    if (group === undefined) {
      begin.run();
      group = { done: Promise.withResolvers() };
      group.done.promise.catch(() => {});
      setImmediate(commitGroup);
    }
    try {
      run();
    } catch (cause) {
      // The engine may have rolled back all of the group: nobody in it may be told that it is on disk.
      group.failure ??= { cause };
      throw cause;
    }
  }

  function commitGroup(): void {
    if (group === undefined) return;
    const { done, failure } = group;
    group = undefined;
    try {
      if (failure !== undefined) throw failure.cause;
      commit.run();
      done.resolve();
    } catch (cause) {
      if (database.isTransaction) rollback.run();
      done.reject(new Error('the queues cannot be written to disk', { cause }));
    }
  }

  return {
    // Queues come from the catalogue at each start, never from the disk.
    insertQueue: () => {},
    deleteQueue: () => {},
    updateQueueAttributes: () => {},
    updateQueueSequenceCounter: () => {},
    insertMessage: (queue, message) =>
      write(() =>
        insert.run(
          message.messageId,
          queue,
          JSON.stringify(message),
          message.approximateReceiveCount,
          message.approximateFirstReceiveTimestamp ?? null,
        ),
      ),
    deleteMessage: (messageId) => write(() => remove.run(messageId)),
    updateMessageInflight: (messageId, _receiptHandle, _visibleAtMs, receiveCount, firstReceivedAtMs) =>
      write(() => received.run(receiveCount, firstReceivedAtMs ?? null, messageId)),
    updateMessageReady: () => {},
    deleteQueueMessages: (queue) => write(() => removeAll.run(queue)),
    messagesOf: (queue) => load.all(queue).map(toMessage),
    queues: () => names.all().map((row) => String(row.queue)),
    committed: async () => group?.done.promise,
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
