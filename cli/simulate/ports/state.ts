import { RetryableError } from '#shared/errors.ts';
import type { ItemKey, StateStore, StateWrite } from '#shared/ports.ts';
import type { Subject } from '../engine/director.ts';
import type { Invocation } from '../engine/invocation.ts';
import type { MemoryStore } from '../engine/store.ts';
import { drawTimes, type Latencies } from './latency.ts';

/** The state store as a function sees it: behind a wait, sometimes throttled, sometimes beaten by somebody else. */
export function statePort(current: () => Invocation, store: MemoryStore, latencies: Latencies): StateStore {
  const read = <T>(subject: (of: Invocation) => Subject, reading: () => T): Promise<T> => {
    const invocation = current();
    const about = subject(invocation);
    const throttled = invocation.struckBy(['read-throttled'], about) !== undefined;
    return invocation.call(about, drawTimes(invocation.random, latencies.state), () => {
      if (throttled) throw new RetryableError('simulated: the store throttles');
      return reading();
    });
  };
  const of = (invocation: Invocation): Subject => invocation.subject();
  return {
    get: (key) =>
      read(
        (invocation) => invocation.subject(instanceOf([key])),
        () => store.get(key),
      ),
    query: (...query) => read(of, () => store.query(...query)),
    queryAudit: (...query) => read(of, () => store.queryAudit(...query)),
    due: (...range) => read(of, () => store.due(...range)),
    partitions: async function* (part) {
      yield* await read(of, () => store.partitions(part));
    },
    transact: (writes) => {
      const invocation = current();
      const about = invocation.subject(instanceOf(writes));
      const fault = invocation.struckBy(['write-throttled', 'write-unknown', 'race-lost'], about)?.kind;
      const apply = prepared(store, writes);
      return invocation.call(about, drawTimes(invocation.random, latencies.state), () => {
        if (fault === 'write-throttled') throw new RetryableError('simulated: the store throttles');
        if (fault === 'race-lost') beFirst(store, writes);
        apply();
        if (fault === 'write-unknown') throw new RetryableError('simulated: the store breaks off');
      });
    },
  };
}

/** What is refused is refused when the call has arrived, like everything else. */
function prepared(store: MemoryStore, writes: readonly StateWrite[]): () => void {
  try {
    return store.prepare(writes);
  } catch (error) {
    return () => {
      throw error;
    };
  }
}

/** The one instance that these items are about, if it is one. */
function instanceOf(keys: readonly ItemKey[]): string | undefined {
  const tasks = keys.filter(({ partition }) => partition.startsWith('tasks#'));
  return tasks.length === 1 ? tasks[0]?.sort : undefined;
}

/** Somebody else writes one of the items, with what it holds already. */
function beFirst(store: MemoryStore, writes: readonly StateWrite[]): void {
  for (const write of writes) {
    if (write.kind !== 'put' || write.expect === 'absent') continue;
    const item = store.get(write);
    if (item?.version !== write.expect) return;
    const { version, ...rest } = item;
    store.transact([{ kind: 'put', expect: version, ...rest }]);
    return;
  }
}
