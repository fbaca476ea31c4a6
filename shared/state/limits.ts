import { LimitError } from '#shared/errors.ts';
import type { StateWrite } from '#shared/ports.ts';

/**
 * Limits of DynamoDB (Developer Guide, "Quotas"), enforced by every store, so that what runs on
 * SQLite at one site runs on AWS as well.
 */
export const LIMITS = {
  itemsPerTransaction: 100,
  bytesPerTransaction: 4 * 1024 * 1024,
  bytesPerItem: 400 * 1024,
} as const;

const sizeOf = (write: StateWrite): number =>
  write.partition.length +
  write.sort.length +
  ('body' in write ? Buffer.byteLength(JSON.stringify(write.body)) : 0) +
  100;

/** @throws LimitError naming the limit that `writes` breaks. */
export function checkLimits(writes: readonly StateWrite[]): void {
  if (writes.length > LIMITS.itemsPerTransaction)
    throw new LimitError(`a transaction of ${writes.length} items; DynamoDB takes ${LIMITS.itemsPerTransaction}`);
  const keys = new Set<string>();
  let total = 0;
  for (const write of writes) {
    const key = `${write.kind === 'append' ? 'audit' : 'state'}\n${write.partition}\n${write.sort}`;
    if (keys.has(key))
      throw new LimitError(`two writes to one item in a transaction: ${write.partition} ${write.sort}`);
    keys.add(key);
    const size = sizeOf(write);
    if (size > LIMITS.bytesPerItem)
      throw new LimitError(
        `item ${write.partition} ${write.sort} has ${size} bytes; DynamoDB takes ${LIMITS.bytesPerItem}`,
      );
    total += size;
  }
  if (total > LIMITS.bytesPerTransaction)
    throw new LimitError(`a transaction of ${total} bytes; DynamoDB takes ${LIMITS.bytesPerTransaction}`);
}
