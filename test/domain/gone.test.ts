import { describe, expect, it } from 'vitest';
import { gone } from '#shared/domain/settle.ts';
import type { Migration, Server } from '#shared/ports.ts';
import { aTask, NOW_MS } from '#test/support/builders.ts';
import { aSight } from '#test/support/sight.ts';

describe('an instance that has left the host while no attempt was under way', () => {
  const goneTo = (server: Partial<Server> | null, ...migrations: readonly Partial<Migration>[]) =>
    gone(aTask('waiting'), aSight({ migrations, server }));

  it.each<[string, Partial<Server> | null, readonly Partial<Migration>[]]>([
    ['an evacuation to this host failed', { host: 'compute-8' }, [{ status: 'failed', destinationHost: 'compute-8' }]],
    ['an evacuation went elsewhere', { host: 'compute-8' }, [{ status: 'done', destinationHost: 'compute-9' }]],
    ['it is on no host, like its evacuation', { host: null }, [{ status: 'done', destinationHost: null }]],
    ['it was deleted', null, [{ status: 'done', destinationHost: 'compute-8' }]],
    ['it was deleted before its evacuation had a destination', null, [{ status: 'done', destinationHost: null }]],
  ])('was not brought away by salvor: %s', (_, server, migrations) => {
    const because =
      server === null
        ? 'it was deleted'
        : `it is on ${server.host ?? 'no host'} by now, and salvor did not bring it there`;
    const destination = server?.host ?? null;
    expect(goneTo(server, ...migrations)).toEqual([
      { type: 'task-ended', outcome: 'gone', because, destination, atMs: NOW_MS },
    ]);
  });

  it('is recovered when an evacuation that is done has brought it to where it is', () => {
    const elsewhere = { status: 'failed', destinationHost: 'compute-7' };
    expect(goneTo({ host: 'compute-8' }, elsewhere, { status: 'completed', destinationHost: 'compute-8' })).toEqual([
      {
        type: 'task-ended',
        outcome: 'recovered',
        because: 'evacuation 2, not waited for, is completed',
        destination: 'compute-8',
        atMs: NOW_MS,
      },
    ]);
  });

  it('is looked up first; and nothing is known of it without a listing', () => {
    const sight = aSight({ server: null });
    expect(gone(aTask('waiting'), { ...sight, elsewhere: new Map() })).toEqual([]);
    expect(gone(aTask('waiting'), { ...sight, onHost: undefined })).toBeUndefined();
    expect(gone(aTask('waiting'), aSight())).toBeUndefined();
  });
});
