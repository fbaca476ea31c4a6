import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { loadSqsStore } from '#infra/embedded/fauxqs.ts';
import { openQueueJournal } from '#infra/embedded/queue-journal.ts';
import { afterwards, newFolder } from './support.ts';

test('the journal has every method that this fauxqs calls', () => {
  const source = readFileSync(new URL('./sqs/sqsStore.js', import.meta.resolve('fauxqs')), 'utf8');
  const called = new Set([...source.matchAll(/persistence\??\.(\w+)\(/g)].map(([, name]) => name));
  const journal = openQueueJournal(join(newFolder(), 'queues.sqlite'));
  afterwards(() => journal.close());
  expect(called.size).toBeGreaterThan(5);
  expect([...called].filter((name) => name === undefined || !(name in journal))).toEqual([]);
});

test('the store holds its messages where the server puts the kept ones', async () => {
  const store = await loadSqsStore();
  const queue = store.createQueue('q', 'http://127.0.0.1/000000000000/q', 'arn:aws:sqs:us-east-1:000000000000:q');
  expect(queue).toMatchObject({ messages: [], delayedMessages: [] });
  expect(queue.inflightMessages).toBeInstanceOf(Map);
});
