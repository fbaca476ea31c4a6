import { existsSync, realpathSync } from 'node:fs';
import { DatabaseSync } from 'node:sqlite';
import { PermanentError } from '#shared/errors.ts';
import { isSqliteError, SQLITE } from './errors.ts';

const IN_MEMORY = ':memory:';
const SCHEMA_VERSION = 1;
/** How long a write waits for another program (a backup, a checkpoint) before it counts as failed. */
const BUSY_TIMEOUT_MS = 5_000;

/**
 * The CHECKs on the keys are DynamoDB's limits (Developer Guide, "Quotas": partition key 1 to 2048 bytes,
 * sort key 1 to 1024 bytes). The triggers hold what the port promises: nothing in the audit log ever changes.
 */
const SCHEMA = `
  CREATE TABLE items (
    partition     TEXT    NOT NULL CHECK (octet_length(partition) BETWEEN 1 AND 2048),
    sort          TEXT    NOT NULL CHECK (octet_length(sort) BETWEEN 1 AND 1024),
    version       INTEGER NOT NULL,
    body          TEXT    NOT NULL,
    due_at_ms     INTEGER,
    expires_at_ms INTEGER,
    PRIMARY KEY (partition, sort)
  ) STRICT;
  CREATE INDEX items_due ON items (due_at_ms, partition, sort) WHERE due_at_ms IS NOT NULL;
  CREATE INDEX items_expiry ON items (expires_at_ms) WHERE expires_at_ms IS NOT NULL;

  CREATE TABLE audit (
    partition TEXT NOT NULL CHECK (octet_length(partition) BETWEEN 1 AND 2048),
    sort      TEXT NOT NULL CHECK (octet_length(sort) BETWEEN 1 AND 1024),
    body      TEXT NOT NULL,
    PRIMARY KEY (partition, sort)
  ) STRICT;
  CREATE TRIGGER audit_is_never_changed BEFORE UPDATE ON audit
    BEGIN SELECT RAISE(ABORT, 'audit records are never changed'); END;
  CREATE TRIGGER audit_is_never_deleted BEFORE DELETE ON audit
    BEGIN SELECT RAISE(ABORT, 'audit records are never deleted'); END;
`;

export interface OpenDatabase {
  readonly database: DatabaseSync;
  /** Lets go of the file; harmless to repeat. */
  close(): void;
}

/**
 * Opens the database, alone, and brings it to the newest schema. The file must be on a local disk: a network file
 * system may not keep SQLite's locks and flushes.
 * @throws PermanentError when another salvor has it open, when a newer salvor wrote it, when it cannot be opened.
 */
export function openDatabase(path: string): OpenDatabase {
  const lock = path === IN_MEMORY ? undefined : takeLock(path);
  let database: DatabaseSync | undefined;
  try {
    database = new DatabaseSync(path, { timeout: BUSY_TIMEOUT_MS });
    prepareDatabase(database, path);
  } catch (cause) {
    database?.close();
    lock?.close();
    if (!isSqliteError(cause)) throw cause;
    throw new PermanentError(`cannot open the state file ${path}: ${cause.message}`, { cause });
  }
  const opened = database;
  return {
    database: opened,
    close: () => {
      if (opened.isOpen) opened.close();
      if (lock?.isOpen) lock.close();
    },
  };
}

/**
 * One process per file. The lock is SQLite's own on a second, empty file, held in an open transaction: the operating
 * system drops it when the process dies, and the state file itself stays readable for backups and auditors.
 */
function takeLock(path: string): DatabaseSync {
  let lock: DatabaseSync | undefined;
  try {
    // Two names of one file must meet at one lock.
    lock = new DatabaseSync(`${existsSync(path) ? realpathSync(path) : path}.lock`, { timeout: 0 });
    lock.exec('BEGIN EXCLUSIVE');
    return lock;
  } catch (cause) {
    lock?.close();
    if (isSqliteError(cause) && cause.errcode === SQLITE.busy)
      throw new PermanentError(`another salvor runs on this state folder: ${path} is in use`, { cause });
    throw new PermanentError(`cannot lock the state file ${path}: ${String(cause)}`, { cause });
  }
}

/** Whether a salvor has the state file open. Looking takes the lock for a moment, if nobody has it. */
export function isLocked(path: string): boolean {
  try {
    takeLock(path).close();
    return false;
  } catch (error) {
    if (error instanceof PermanentError) return true;
    throw error;
  }
}

/** FULL flushes the log at every commit: a committed attempt that a power cut undid could evacuate twice (S4). */
function prepareDatabase(database: DatabaseSync, path: string): void {
  database.exec('PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL; PRAGMA fullfsync = ON');
  const found = Number(database.prepare('PRAGMA user_version').get()?.user_version);
  if (found > SCHEMA_VERSION)
    throw new PermanentError(`a newer salvor wrote ${path} (schema ${found}); this one knows ${SCHEMA_VERSION}`);
  if (found === 0) database.exec(`BEGIN IMMEDIATE; ${SCHEMA} PRAGMA user_version = ${SCHEMA_VERSION}; COMMIT`);
}
