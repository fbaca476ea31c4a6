/** What programs really send, and what follows from it: `payloads/captured.json` names program, version and command of each. */
import { readdirSync, readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { MAPPERS } from '#shared/ingest/sources/all.ts';
import { consul } from '#shared/ingest/sources/consul.ts';
import type { Parsed, SourceContext } from '#shared/ingest/sources/source.ts';
import { captured, PAYLOADS } from './captured.ts';

const parse = (source: string, body: unknown, context: SourceContext): Parsed | undefined =>
  source === 'consul' ? consul(body, undefined, context).parsed : MAPPERS[source]?.(body, context);

describe('what a program sends', () => {
  it.each(captured.map((each) => [each.file, each] as const))(
    '%s',
    (_, { file, source, query, at, events, ignored }) => {
      const body: unknown = JSON.parse(readFileSync(new URL(file, PAYLOADS), 'utf8'));
      const context = { nowMs: Date.parse(at), newId: () => 'new', query: query ?? {} };
      const first = parse(source, body, context);
      expect(first).toEqual({ events: events.map((event) => ({ specversion: '1.0', ...event })), ignored });
      // Sent again by a program that has heard no answer, it is told as a repeat.
      expect(parse(source, body, context)?.events).toEqual(first?.events);
    },
  );

  it('is there for each source', () => {
    expect(new Set(captured.map(({ source }) => source))).toEqual(new Set([...Object.keys(MAPPERS), 'consul']));
  });

  it('is named with its program, and nothing else lies there', () => {
    const files = readdirSync(PAYLOADS).filter((name) => !/^captur/.test(name));
    expect(files.sort()).toEqual(captured.map(({ file }) => file).sort());
  });
});
