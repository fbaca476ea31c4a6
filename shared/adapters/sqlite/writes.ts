import type { DatabaseSync } from 'node:sqlite';
import { ConflictError } from '#shared/errors.ts';
import type { StateWrite } from '#shared/ports.ts';

/**
 * Turns a transaction into what runs inside a group. Bodies become text at once, so that a caller's later change
 * of its object is not stored.
 * @returns a function that throws ConflictError at the first expectation that does not hold.
 */
export function writer(database: DatabaseSync): (writes: readonly StateWrite[]) => () => void {
  const create = database.prepare('INSERT INTO items VALUES (?, ?, 1, ?, ?, ?) ON CONFLICT DO NOTHING');
  const replace = database.prepare(
    `UPDATE items SET version = version + 1, body = ?, due_at_ms = ?, expires_at_ms = ?
     WHERE partition = ? AND sort = ? AND version = ?`,
  );
  const remove = database.prepare('DELETE FROM items WHERE partition = ? AND sort = ? AND version = ?');
  const version = database.prepare('SELECT version FROM items WHERE partition = ? AND sort = ?');
  const append = database.prepare('INSERT INTO audit VALUES (?, ?, ?) ON CONFLICT DO NOTHING');

  /** @returns a function that says whether the expectation held. */
  function prepare(write: StateWrite): () => boolean {
    const { partition, sort } = write;
    switch (write.kind) {
      case 'put': {
        const { expect, dueAtMs = null, expiresAtMs = null } = write;
        const body = JSON.stringify(write.body);
        return expect === 'absent'
          ? () => create.run(partition, sort, body, dueAtMs, expiresAtMs).changes === 1
          : () => replace.run(body, dueAtMs, expiresAtMs, partition, sort, expect).changes === 1;
      }
      case 'delete':
        return () => remove.run(partition, sort, write.expect).changes === 1;
      case 'check':
        return () => (version.get(partition, sort)?.version ?? 'absent') === write.expect;
      case 'append': {
        const body = JSON.stringify(write.body);
        return () => append.run(partition, sort, body).changes === 1;
      }
    }
  }

  return (writes) => {
    const prepared = writes.map((write) => ({ write, holds: prepare(write) }));
    return () => {
      for (const { write, holds } of prepared)
        if (!holds())
          throw new ConflictError(`${write.kind} ${write.partition} ${write.sort}: the expectation does not hold`);
    };
  };
}
