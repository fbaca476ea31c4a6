import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { createInterface } from 'node:readline';
import { DatabaseSync } from 'node:sqlite';
import { fileURLToPath } from 'node:url';
import { describe, expect, test } from 'vitest';
import { openSqliteStore } from '#shared/adapters/sqlite/state-store.ts';
import { PermanentError } from '#shared/errors.ts';
import { stateFolder } from './sqlite-folder.ts';
import { allSorts, append, put } from './state-store/support.ts';

const folder = stateFolder();

describe('a file has one salvor', () => {
  test('a second one is refused, in words, until the first has closed', async () => {
    const first = folder.open();
    expect(() => openSqliteStore(folder.file())).toThrow(PermanentError);
    expect(() => openSqliteStore(folder.file())).toThrow(/another salvor runs on this state folder/);
    await first.transact([put('a', 'absent')]);
    first.close();
    expect(await folder.open().get({ partition: 'p', sort: 'a' })).toMatchObject({ version: 1 });
  });

  test('a second one by another name of the file is refused too', () => {
    folder.open();
    symlinkSync(folder.file(), folder.file('other.db'));
    expect(() => openSqliteStore(folder.file('other.db'))).toThrow(/another salvor/);
  });

  test('another program may read it meanwhile', async () => {
    const store = folder.open();
    await store.transact([put('a', 'absent'), append('a')]);
    const reader = new DatabaseSync(folder.file(), { readOnly: true });
    expect(reader.prepare('SELECT count(*) AS records FROM audit').get()).toEqual({ records: 1 });
    reader.close();
  });

  test('a folder that does not exist is named', () => {
    expect(() => openSqliteStore(folder.file('no/state.db'))).toThrow(/cannot lock the state file .*no.state\.db/);
  });

  test('what a newer salvor wrote is left alone', () => {
    folder.open().close();
    const database = new DatabaseSync(folder.file());
    database.exec('PRAGMA user_version = 99');
    database.close();
    expect(() => openSqliteStore(folder.file())).toThrow(/a newer salvor wrote .*schema 99/);
  });

  test('a file that is no database is refused, and its lock let go', () => {
    writeFileSync(folder.file(), 'no database '.repeat(1000));
    expect(() => openSqliteStore(folder.file())).toThrow(PermanentError);
    rmSync(folder.file());
    folder.open();
  });
});

describe('a killed process', () => {
  /** Starts a writer, kills it after some acknowledgements, returns all that it acknowledged. */
  async function killedAfter(acknowledgements: number, run: string): Promise<string[]> {
    const writer = fileURLToPath(new URL('./sqlite-writer.ts', import.meta.url));
    const child = spawn(process.execPath, [writer, folder.file(), run], { stdio: ['ignore', 'pipe', 'inherit'] });
    const exited = once(child, 'exit');
    const acknowledged: string[] = [];
    for await (const name of createInterface(child.stdout)) {
      acknowledged.push(name);
      if (acknowledged.length === acknowledgements) child.kill('SIGKILL');
    }
    expect(await exited).toEqual([null, 'SIGKILL']);
    return acknowledged;
  }

  test('loses nothing that it acknowledged, leaves nothing half, and no lock', { timeout: 60_000 }, async () => {
    const acknowledged: string[] = [];
    for (const [run, count] of [1, 57, 400, 1500].entries()) {
      acknowledged.push(...(await killedAfter(count, `run${run}`)));
      const store = folder.open();
      const items = await allSorts((options) => store.query('written', options));
      const audit = await allSorts((options) => store.queryAudit('written', options));
      expect(audit).toEqual(items);
      expect(acknowledged.filter((name) => !items.includes(name))).toEqual([]);
      store.close();
    }
    expect(acknowledged.length).toBeGreaterThanOrEqual(1 + 57 + 400 + 1500);
  });
});
