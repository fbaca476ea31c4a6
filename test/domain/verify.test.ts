import { createHash } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { type AuditRecord, appendFacts, FIRST, faultsIn, type Head, hashOf, placeOf } from '#shared/domain/audit.ts';
import { policyFrom, policyId, policyRecords } from '#shared/domain/policy-record.ts';
import { checkChain, checkHead, differing, endOf, hashOfHeads, headsOf, tailOf } from '#shared/domain/verify.ts';
import { aPolicy, aTask, NOW_MS, uuid } from '#test/support/builders.ts';

const STREAM = 'task#1#2';
const kept = (records: readonly AuditRecord[]) => records.map((record) => ({ place: placeOf(record.seq), record }));
const streamOf = (types: readonly string[], start: Head = FIRST) =>
  kept(
    appendFacts(
      STREAM,
      start,
      types.map((type) => ({ type })),
      NOW_MS,
    ).records,
  );
const headOf = (records: ReturnType<typeof streamOf>, seq: number): Head => ({
  seq,
  hash: records[seq - 1]?.record.hash ?? '',
});
const three = streamOf(['a', 'b', 'c']);
const OTHER: Head = { seq: 2, hash: 'f'.repeat(64) };

describe('a chain', () => {
  it('starts from the beginning, or from one of the heads that it may start from', () => {
    expect(checkChain(STREAM, three)).toEqual([]);
    const start = { seq: 0, hash: OTHER.hash };
    expect(checkChain(STREAM, streamOf(['a'], start), [FIRST, OTHER])).toEqual([]);
    expect(checkChain(STREAM, streamOf(['a'], start), [FIRST])).toEqual([
      { stream: STREAM, seq: 1, what: 'it does not start from a record of its incident' },
    ]);
    expect(checkChain(STREAM, [])).toEqual([]);
  });

  it('that lacks its first record is told so, whatever it may start from', () => {
    expect(checkChain(STREAM, three.slice(1), [OTHER])).toEqual([
      { stream: STREAM, seq: 2, what: 'record 1 is missing' },
    ]);
  });

  it('shows each fault once, and is taken up again behind it', () => {
    const long = streamOf(['a', 'b', 'c', 'd', 'e', 'f']);
    const changed = long.map(({ place, record }) => ({
      place,
      record: record.seq === 2 ? { ...record, atMs: 1 } : record,
    }));
    expect(
      faultsIn(
        STREAM,
        changed.filter(({ record }) => record.seq !== 5),
      ),
    ).toEqual([
      { seq: 2, what: 'record 2 was changed' },
      { seq: 6, what: 'record 5 is missing' },
    ]);
  });

  it('shows a record in the place of another, one of another stream, and one without a number', () => {
    const swapped = three.map(({ place }, index) => ({ place, record: three[2 - index]?.record as AuditRecord }));
    expect(faultsIn(STREAM, swapped)[0]).toEqual({ seq: 3, what: `record 3 is in the place of record ${placeOf(1)}` });
    expect(faultsIn('task#1#3', three)[0]).toEqual({ seq: 1, what: `record 1 belongs to ${STREAM}` });
    const numberless = three.map(({ place, record }) => ({
      place,
      record: { ...record, seq: 'x' as unknown as number },
    }));
    expect(faultsIn(STREAM, numberless).map(({ seq }) => seq)).toEqual([1, 2, 3]);
  });

  it('shows a record that was written anew but does not follow', () => {
    const anew = three.map(({ place, record }) => {
      const bare = { ...record, previousHash: OTHER.hash };
      return { place, record: record.seq === 2 ? { ...bare, hash: hashOf(bare) } : record };
    });
    expect(faultsIn(STREAM, anew)[0]).toEqual({ seq: 2, what: 'record 2 does not follow from record 1' });
  });
});

describe('the end of a stream', () => {
  it('is where the state says, or where it has come to while it was read', () => {
    expect(checkHead(STREAM, three, headOf(three, 3))).toEqual([]);
    expect(checkHead(STREAM, three, headOf(three, 1), headOf(three, 3))).toEqual([]);
    expect(checkHead(STREAM, three, headOf(three, 2), { seq: 4, hash: 'later' })).toEqual([]);
    expect(checkHead(STREAM, three, undefined, headOf(three, 3))).toEqual([]);
  });

  it.each<[string, Head | undefined, Head | undefined, number | null, RegExp]>([
    ['is unknown to the state', undefined, undefined, null, /state knows nothing of it/],
    [
      'comes too early',
      { seq: 5, hash: '' },
      { seq: 6, hash: '' },
      4,
      /tail is missing: it ends at record 3, the state at 5/,
    ],
    ['comes too late', headOf(three, 1), headOf(three, 2), 3, /record 3 is behind the end/],
    ['is another', OTHER, headOf(three, 3), 2, /record 2 is not the one/],
    ['has become another', headOf(three, 3), { seq: 3, hash: OTHER.hash }, 3, /record 3 is not the one/],
  ])('%s', (_, before, after, seq, what) => {
    expect(checkHead(STREAM, three, before, after)).toEqual([
      { stream: STREAM, seq, what: expect.stringMatching(what) },
    ]);
  });

  it('of nothing is the beginning', () => {
    expect(tailOf([])).toEqual(FIRST);
    expect(tailOf(three)).toEqual(headOf(three, 3));
  });
});

describe('what the end of an incident commits', () => {
  it('of a task is where it ended, not what was answered later; or where it has come to', () => {
    const ended = streamOf(['task-planned', 'task-ended', 'evacuate-answered']);
    expect(endOf(ended)).toEqual(headOf(ended, 2));
    expect(endOf(three)).toEqual(headOf(three, 3));
  });

  it('does not depend on the order of the tasks, but on each of them', () => {
    const [a, b] = [1, 2].map((number) => ({ instanceId: uuid(3, number), head: headOf(three, number) }));
    if (a === undefined || b === undefined) throw new Error('there are two');
    expect(hashOfHeads([a, b])).toBe(hashOfHeads([b, a]));
    const others = [[a], [b], [], [a, { ...b, head: a.head }], [a, { ...b, instanceId: uuid(3, 3) }]];
    for (const other of others) expect(hashOfHeads(other)).not.toBe(hashOfHeads([a, b]));
  });

  it('is made of a line for each task, in the order of their ids', () => {
    const heads = [2, 1].map((number) => ({ instanceId: uuid(3, number), head: { seq: number, hash: 'ab' } }));
    const lines = `${uuid(3, 1)} 1 ab\n${uuid(3, 2)} 2 ab\n`;
    expect(hashOfHeads(heads)).toBe(createHash('sha256').update(lines).digest('hex'));
  });

  it('is the same by the state', () => {
    const begun = aTask('waiting', {}, { audit: headOf(three, 2) });
    const ended = aTask('ended', {}, { instanceId: uuid(3, 2), audit: headOf(three, 3), endedAt: headOf(three, 1) });
    expect(headsOf([begun, ended])).toBe(
      hashOfHeads([
        { instanceId: begun.instanceId, head: headOf(three, 2) },
        { instanceId: ended.instanceId, head: headOf(three, 1) },
      ]),
    );
  });
});

it('two accounts differ in the fields that the first one has', () => {
  expect(differing({ a: 1, b: { c: 1 }, d: null }, { a: 1, b: { c: 2 }, e: 5 })).toEqual(['b', 'd']);
});

describe('a policy on record', () => {
  const devices = (count: number) =>
    Object.fromEntries(
      Array.from({ length: count }, (_, index) => [
        `compute-${index}`,
        { driver: 'redfish' as const, url: `https://bmc-${index}.test/${'x'.repeat(1000)}`, credentials: 'bmc' },
      ]),
    );

  it.each([1, 500])('is read back as it was, with %i devices', (count) => {
    const policy = aPolicy({ fenceDevices: devices(count) });
    const records = policyRecords(policy);
    expect(policyFrom(policyId(policy), records)).toEqual(policy);
    expect(records.length).toBe(count === 1 ? 2 : 4);
    for (const record of records) expect(JSON.stringify(record).length).toBeLessThan(300_000);
  });

  it.each([
    [200_000, 2],
    [199_999, 1],
  ])('has the devices of a record up to 200000 bytes: with %i in the first, %i of them', (bytes, records) => {
    const first = (padding: number) =>
      ({ ...devices(1)['compute-0'], url: `https://bmc.test/${'x'.repeat(padding)}` }) as const;
    const of = (padding: number) =>
      aPolicy({
        fenceDevices: {
          a: first(padding) as ReturnType<typeof devices>[string],
          b: { driver: 'redfish', url: 'https://b.test', credentials: 'bmc' },
        },
      });
    const bare = Buffer.byteLength(JSON.stringify(['a', of(0).fenceDevices.a]));
    expect(policyRecords(of(bytes - bare))).toHaveLength(1 + records);
  });

  it('says what each record holds', () => {
    const twice = aPolicy({ fenceDevices: devices(500) });
    expect(policyRecords(twice).map(({ fact }) => fact.type)).toEqual([
      'policy-used',
      'devices-used',
      'devices-used',
      'devices-used',
    ]);
  });

  it('has an id of 32 digits', () => {
    expect(policyId(aPolicy())).toMatch(/^[0-9a-f]{32}$/);
  });

  it('without devices is one record', () => {
    const policy = aPolicy({ fenceDevices: {} });
    expect(policyRecords(policy)).toHaveLength(1);
    expect(policyFrom(policyId(policy), policyRecords(policy))).toEqual(policy);
  });

  it('is none by another name, with another content, at another time, or cut', () => {
    const policy = aPolicy();
    const id = policyId(policy);
    const records = policyRecords(policy);
    expect(policyId(aPolicy({}, { graceSeconds: 1 }))).not.toBe(id);
    expect(policyFrom('another', records)).toBeUndefined();
    expect(policyFrom(id, records.slice(0, 1))).toBeUndefined();
    expect(policyFrom(id, records.slice(1))).toBeUndefined();
    expect(
      policyFrom(
        id,
        records.map((record) => ({ ...record, atMs: 1 })),
      ),
    ).toBeUndefined();
    expect(policyFrom(id, [])).toBeUndefined();
  });
});
