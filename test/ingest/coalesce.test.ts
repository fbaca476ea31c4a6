import { describe, expect, it } from 'vitest';
import { coalesced } from '#shared/ingest/coalesce.ts';
import type { OutgoingMessage } from '#shared/ports.ts';
import { anEvent } from '#test/support/builders.ts';

const message = (): OutgoingMessage => ({ message: anEvent(), delaySeconds: 0 });

describe('many callers', () => {
  it('share the next send, each resolved by the one that held its messages', async () => {
    const sends: { readonly count: number; readonly end: PromiseWithResolvers<void> }[] = [];
    const outbox = coalesced({
      send: (messages) => {
        const end = Promise.withResolvers<void>();
        sends.push({ count: messages.length, end });
        return end.promise;
      },
    });
    const done: string[] = [];
    const send = (name: string, count: number) =>
      outbox
        .send(Array.from({ length: count }, message))
        .then(() => done.push(name))
        .catch(() => done.push(`${name} failed`));
    const first = [send('a', 1), send('b', 2)];
    await Promise.resolve();
    const second = [send('c', 3), send('d', 1)];
    await Promise.resolve();
    expect(sends.map(({ count }) => count)).toEqual([3]);
    sends[0]?.end.reject(new Error('lost'));
    await Promise.all(first);
    expect(done).toEqual(['a failed', 'b failed']);
    expect(sends.map(({ count }) => count)).toEqual([3, 4]);
    sends[1]?.end.resolve();
    await Promise.all(second);
    expect(done.slice(2)).toEqual(['c', 'd']);
    const last = send('e', 1);
    await Promise.resolve();
    sends[2]?.end.resolve();
    await last;
    expect(done.at(-1)).toBe('e');
  });

  it('with nothing to say wait for nobody', async () => {
    const outbox = coalesced({ send: () => Promise.reject(new Error('not called')) });
    await expect(outbox.send([])).resolves.toBeUndefined();
  });
});
