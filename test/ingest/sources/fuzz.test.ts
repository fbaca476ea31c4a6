/** Whatever a program sends: what a mapper gives back is what the contract takes, or a PermanentError. */
import { readFileSync } from 'node:fs';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { hostEvent } from '#events/host-event.ts';
import { PermanentError } from '#shared/errors.ts';
import { MAPPERS } from '#shared/ingest/sources/all.ts';
import { consul } from '#shared/ingest/sources/consul.ts';
import type { ConsulSeen } from '#shared/ingest/sources/consul-networks.ts';
import type { Parsed, SourceContext } from '#shared/ingest/sources/source.ts';
import { captured, PAYLOADS } from './captured.ts';

type Source = (body: unknown, context: SourceContext) => Parsed;

let seen: ConsulSeen | undefined;
const lists: Source = (body, context) => {
  const { parsed, after } = consul(body, seen, context);
  // It goes on from whatever a list before has left.
  seen = after === undefined ? seen : JSON.parse(JSON.stringify(after));
  return parsed;
};
const SOURCES: Readonly<Record<string, Source>> = { ...MAPPERS, consul: lists };

const odd = fc.oneof(
  fc.jsonValue(),
  fc.constantFrom(
    '',
    '__proto__',
    'x'.repeat(300),
    '\u0000',
    '2026-11-21T20:30:00Z',
    '9999-12-31T23:59:59.999Z',
    '0001-01-01T00:00:00Z',
  ),
  fc.constantFrom(0, -1, 1e308, Number.MAX_SAFE_INTEGER),
);

type Json = null | boolean | number | string | Json[] | { [key: string]: Json };

/** Puts something odd in one place of a golden payload, takes the place away, or doubles it. */
const changed = (golden: Json) =>
  fc.tuple(fc.infiniteStream(fc.nat()), odd, fc.constantFrom('put', 'drop', 'double')).map(([choices, value, how]) => {
    const choose = (count: number): number => (choices.next().value ?? 0) % count;
    const change = (at: Json): Json => {
      if (at === null || typeof at !== 'object' || Object.keys(at).length === 0 || choose(4) === 0)
        return value as Json;
      const keys = Object.keys(at);
      const key = keys[choose(keys.length)] ?? '';
      if (Array.isArray(at)) {
        const place = Number(key);
        if (how === 'drop') return at.filter((_, index) => index !== place);
        return how === 'double' ? [...at, ...at] : at.map((each, index) => (index === place ? change(each) : each));
      }
      if (how === 'drop' && choose(2) === 0)
        return Object.fromEntries(Object.entries(at).filter(([name]) => name !== key));
      return { ...at, [key]: change(at[key] ?? null) };
    };
    return change(golden);
  });

const query = fc.dictionary(
  fc.constantFrom('host', 'alerts', 'triggers', 'messages', 'resolved', 'network', 'down', 'checks', 'state', 'index'),
  fc.oneof(fc.string(), fc.constantFrom('*', 'storage', '**', 'a,b|c', '1e9', '__proto__', 'ignored', 'any')),
);

function holds(source: Source, body: unknown, context: SourceContext): void {
  let parsed: Parsed;
  try {
    parsed = source(body, context);
  } catch (error) {
    expect(error).toBeInstanceOf(PermanentError);
    expect((error as Error).message.length).toBeLessThan(2000);
    return;
  }
  for (const event of parsed.events) expect(hostEvent.parse(event)).toEqual(event);
  for (const why of parsed.ignored) expect(why.length).toBeLessThanOrEqual(400);
  expect(JSON.stringify(parsed).length).toBeLessThan(10_000 + 4 * JSON.stringify(body ?? null).length);
}

describe.each(Object.keys(SOURCES))('%s', (name) => {
  const source = SOURCES[name] as Source;
  const goldens = captured.filter((each) => each.source === name);
  const golden = goldens.map(({ file }) => JSON.parse(readFileSync(new URL(file, PAYLOADS), 'utf8')) as Json);
  const bodies = fc.oneof(fc.jsonValue(), ...golden.map(changed));

  it('gives events or a PermanentError, and no more than it was given', () => {
    fc.assert(
      fc.property(bodies, query, fc.integer({ min: 0, max: 4e12 }), (body, options, nowMs) => {
        holds(source, body, { nowMs, newId: () => 'new', query: options });
      }),
      { numRuns: 400 },
    );
  });
});
