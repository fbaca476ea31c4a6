/**
 * A process that writes to the SQLite store as fast as it can, until it is killed. It prints the name of each
 * transaction once the store has acknowledged it. Arguments: the file, the name of this run.
 */
import { openSqliteStore } from '#shared/adapters/sqlite/state-store.ts';

const [path = '', run = ''] = process.argv.slice(2);
const store = openSqliteStore(path);

/** One item and one audit record each: after the kill both or neither must be there. */
async function write(name: string): Promise<void> {
  const key = { partition: 'written', sort: name };
  const body = { name, filler: 'x'.repeat(500) };
  await store.transact([
    { kind: 'put', expect: 'absent', ...key, body },
    { kind: 'append', ...key, body },
  ]);
  process.stdout.write(`${name}\n`);
}

async function writeOn(writer: number): Promise<void> {
  for (let count = 0; ; count += 1) await write(`${run}-${writer}-${count}`);
}

await Promise.all(Array.from({ length: 20 }, (_, writer) => writeOn(writer)));
