import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  type AuditRecord,
  appendFacts,
  auditWrite,
  canonical,
  FIRST,
  faultIn,
  hashOf,
  STREAM_OF_OPERATORS,
  streamOfHost,
  streamOfIncident,
  streamOfTask,
} from '#shared/domain/audit.ts';
import { NOW_MS } from '#test/support/builders.ts';

const STREAM = streamOfIncident('incident-1');
const json = fc.dictionary(fc.string(), fc.jsonValue());
/** Streams of two records or more. */
const aStream = fc.array(json, { minLength: 2, maxLength: 8 }).map(
  (bodies) =>
    appendFacts(
      STREAM,
      FIRST,
      bodies.map((body, index) => ({ body, type: `fact-${index}` })),
      NOW_MS,
    ).records,
);
const aStreamAndIndex = aStream.chain((records) => fc.tuple(fc.constant(records), fc.nat({ max: records.length - 1 })));
const changed = (records: readonly AuditRecord[], at: number, change: (record: AuditRecord) => object): AuditRecord[] =>
  records.map((record, index) => (index === at ? { ...record, ...change(record) } : record));

describe('a stream of records', () => {
  it('is well as it was written, also after the store has had it', () => {
    fc.assert(
      fc.property(aStream, (records) => {
        expect(faultIn(STREAM, records)).toBeUndefined();
        expect(faultIn(STREAM, JSON.parse(JSON.stringify(records)) as AuditRecord[])).toBeUndefined();
      }),
    );
  });

  it('is well with the keys of its facts in another order: a store may not keep it', () => {
    const [record] = appendFacts(
      STREAM,
      FIRST,
      [{ type: 'a', b: { c: 1, d: [2, { e: 3, f: 4 }] } } as { type: string }],
      1,
    ).records;
    const fact = { b: { d: [2, { f: 4, e: 3 }], c: 1 }, type: 'a' };
    expect(record && faultIn(STREAM, [{ ...record, fact }])).toBeUndefined();
  });

  it('shows each record whose content was changed', () => {
    const changes: readonly ((record: AuditRecord) => object)[] = [
      ({ fact }) => ({ fact: { ...fact, added: 1 } }),
      ({ fact }) => ({ fact: { ...fact, type: 'another' } }),
      ({ atMs }) => ({ atMs: atMs + 1 }),
      ({ seq }) => ({ seq: seq + 1 }),
      () => ({ stream: streamOfIncident('incident-2') }),
      () => ({ hash: '0'.repeat(64) }),
      () => ({ previousHash: 'f'.repeat(64) }),
    ];
    fc.assert(
      fc.property(aStreamAndIndex, fc.constantFrom(...changes), ([records, at], change) => {
        expect(faultIn(STREAM, changed(records, at, change))).toBeDefined();
      }),
    );
  });

  it('shows a record that was changed and given a hash of its own, unless it is the last', () => {
    fc.assert(
      fc.property(aStreamAndIndex, ([records, at]) => {
        fc.pre(at < records.length - 1);
        const forged = changed(records, at, (record) => {
          const other = { ...record, atMs: record.atMs + 1 };
          return { ...other, hash: hashOf(other) };
        });
        expect(faultIn(STREAM, forged)).toMatch(/does not follow/);
      }),
    );
  });

  it('shows a record that is missing, unless it is the last: the head tells that', () => {
    fc.assert(
      fc.property(aStreamAndIndex, ([records, at]) => {
        const { head } = appendFacts(STREAM, FIRST, [], NOW_MS);
        expect(head).toEqual(FIRST);
        const left = records.filter((_, index) => index !== at);
        if (at < records.length - 1) expect(faultIn(STREAM, left)).toMatch(/missing/);
        else expect(left.at(-1)?.hash).not.toBe(records.at(-1)?.hash);
      }),
    );
  });

  it('shows records that changed places', () => {
    fc.assert(
      fc.property(aStreamAndIndex, ([records, at]) => {
        fc.pre(at > 0);
        const swapped = [...records];
        const [a, b] = [records[at], records[at - 1]];
        if (a && b) swapped.splice(at - 1, 2, a, b);
        expect(faultIn(STREAM, swapped)).toBeDefined();
      }),
    );
  });

  it('shows a stream that starts from another head', () => {
    const start = { seq: 0, hash: 'a'.repeat(64) };
    const { records } = appendFacts(STREAM, start, [{ type: 'a' }], NOW_MS);
    expect(faultIn(STREAM, records, start)).toBeUndefined();
    expect(faultIn(STREAM, records)).toMatch(/does not follow/);
  });

  it('goes on from its head', () => {
    const first = appendFacts(STREAM, FIRST, [{ type: 'a' }, { type: 'b' }], NOW_MS);
    const second = appendFacts(STREAM, first.head, [{ type: 'c' }], NOW_MS + 1);
    expect(second.head.seq).toBe(3);
    expect(faultIn(STREAM, [...first.records, ...second.records])).toBeUndefined();
  });
});

describe('what is hashed', () => {
  it.each<[unknown, string]>([
    [{ b: 1, a: 'x', c: undefined, B: null }, '{"B":null,"a":"x","b":1}'],
    [[1, 23, [], { b: [true], a: {} }], '[1,23,[],{"a":{},"b":[true]}]'],
    ['a "b"', '"a \\"b\\""'],
  ])('has its keys in order, and nothing that JSON does not have: %j', (value, text) => {
    expect(canonical(value)).toBe(text);
  });
});

describe('a record', () => {
  it('follows the one before, the first one zeros, and has the basis of its decision if it is the first of it', () => {
    expect(FIRST).toEqual({ seq: 0, hash: '0'.repeat(64) });
    const basis = { by: 'gates', atMs: NOW_MS, version: 3, policy: 'p' } as const;
    const { records } = appendFacts(STREAM, FIRST, [{ type: 'a' }, { type: 'b' }], NOW_MS, basis);
    expect(records).toMatchObject([{ previousHash: FIRST.hash, basis }, { previousHash: records[0]?.hash }]);
    expect(records[1]).not.toHaveProperty('basis');
  });

  it('has the hash of another only when its fact is the same', () => {
    const body = fc.dictionary(fc.constantFrom('a', 'b', '__proto__', ''), fc.integer({ min: 0, max: 2 }));
    const hash = (of: object) => appendFacts(STREAM, FIRST, [{ ...of, type: 'x' }], 1).head.hash;
    const entries = (of: object) => JSON.stringify(Object.entries(of).sort());
    fc.assert(fc.property(body, body, (a, b) => (hash(a) === hash(b)) === (entries(a) === entries(b))));
  });

  it('has its place behind all earlier ones of its stream, as text too', () => {
    const sorts = [9, 10, 99_999].map((seq) => {
      const [record] = appendFacts(STREAM, { seq: seq - 1, hash: FIRST.hash }, [{ type: 'a' }], 1).records;
      return record && auditWrite(record).sort;
    });
    expect(sorts).toEqual([...sorts].sort());
    expect(new Set(sorts).size).toBe(3);
  });

  it('belongs to one stream: of a host, an incident, a task or the operators', () => {
    const streams = [streamOfHost('1'), streamOfIncident('1'), streamOfTask('1', '2'), STREAM_OF_OPERATORS];
    expect(streams).toEqual(['host#1', 'incident#1', 'task#1#2', 'operators']);
  });
});
