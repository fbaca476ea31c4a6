import { isDeepStrictEqual } from 'node:util';
import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type AuditRecord, appendFacts, hashOf, streamOfTask } from '#shared/domain/audit.ts';
import { planTasks } from '#shared/domain/plan.ts';
import type { JsonObject } from '#shared/ports.ts';
import { addTasks } from '#shared/shell/add-tasks.ts';
import { recordAnswer } from '#shared/shell/request-evacuation.ts';
import { loadTask } from '#shared/state/tasks.ts';
import { verifyAudit } from '#shared/state/verify-audit.ts';
import { aHostIn, aSegment, aServer, HOST_KEY, NOW_MS, uuid } from '#test/support/builders.ts';
import { CopiedStore } from '#test/support/copied-store.ts';
import { FakeClock, type FakeServices } from '#test/support/fakes.ts';
import { runThreeIncidents } from '#test/support/recorded-run.ts';

let services: FakeServices;
let whole: CopiedStore;
beforeAll(async () => {
  ({ services } = await runThreeIncidents());
  whole = await CopiedStore.of(services.state);
});
afterAll(() => services.state.close());

const HOST = `host#${HOST_KEY}`;
const [CLOSED, UNTOUCHED, OPEN] = [uuid(9, 1), uuid(9, 4), uuid(9, 6)] as const;

async function findingsOf(store: CopiedStore): Promise<readonly string[]> {
  const { findings } = await verifyAudit(store, new FakeClock());
  return findings.map(({ stream, seq, what }) => `${stream} ${seq ?? '-'}: ${what}`);
}
async function afterChange(change: (store: CopiedStore) => void): Promise<readonly string[]> {
  const store = whole.copy();
  change(store);
  return findingsOf(store);
}

/** One record of the run, each as likely. */
const aRecord = fc.nat().map((pick): { readonly stream: string; readonly index: number } => {
  const all = whole.streams().flatMap((stream) => whole.records(stream).map((_, index) => ({ stream, index })));
  return all[pick % all.length] ?? { stream: '', index: 0 };
});
const aStream = fc.nat().map((pick) => whole.streams()[pick % whole.streams().length] ?? '');

/** Paths to every value of a record. */
function paths(value: unknown, path: readonly string[] = []): readonly (readonly string[])[] {
  if (value === null || typeof value !== 'object') return [path];
  return [
    ...(path.length > 0 ? [path] : []),
    ...Object.entries(value).flatMap(([key, each]) => paths(each, [...path, key])),
  ];
}

function withValue(value: unknown, [key, ...rest]: readonly string[], to: unknown): unknown {
  if (key === undefined) return to;
  const changed = Array.isArray(value) ? [...value] : { ...(value as object) };
  const entry = withValue((value as Record<string, unknown>)[key], rest, to);
  if (entry === undefined) delete (changed as Record<string, unknown>)[key];
  else (changed as Record<string, unknown>)[key] = entry;
  return JSON.parse(JSON.stringify(changed));
}

/** The stream as somebody would write it who knows how it is made, but may not write the state. */
function forged(records: readonly AuditRecord[], index: number, change: (record: AuditRecord) => object): object[] {
  let previousHash = records[0]?.previousHash ?? '';
  return records.map((record, at) => {
    const bare = { ...record, ...(at === index ? change(record) : {}), previousHash };
    const written = { ...bare, hash: hashOf(bare) };
    previousHash = written.hash;
    return written;
  });
}

describe('a log that nobody has touched', () => {
  it('is whole, with every stream of every host, incident and task', async () => {
    const verification = await verifyAudit(services.state, services.clock);
    expect(verification).toMatchObject({ findings: [], hosts: 1, incidents: 3, streams: whole.streams().length });
    expect(await findingsOf(whole)).toEqual([]);
  });
});

describe('of a log that was altered, any', () => {
  it('value of any record that is another, or gone, or new is found, at that record', async () => {
    const aValue = fc.oneof(fc.constant(undefined), fc.jsonValue());
    await fc.assert(
      fc.asyncProperty(aRecord, fc.nat(), aValue, fc.boolean(), async ({ stream, index }, pick, to, added) => {
        const record = whole.records(stream)[index];
        const all = paths(record);
        const path = all[pick % all.length] ?? [];
        const altered = withValue(record, added ? [...path.slice(0, -1), 'added'] : path, to) as AuditRecord;
        fc.pre(!isDeepStrictEqual(altered, record));
        const found = await afterChange((store) =>
          store.rewrite(
            stream,
            whole.records(stream).map((each, at) => (at === index ? altered : each)),
          ),
        );
        expect(found.some((finding) => finding.startsWith(`${stream} `))).toBe(true);
      }),
      { numRuns: 300 },
    );
  });

  it.each<[string, unknown]>([
    ['null', null],
    ['a text', 'nothing'],
    ['an empty object', {}],
  ])('record that is %s is found, at its place, and the rest is checked', async (_, body) => {
    const stream = streamOfTask(CLOSED, uuid(3, 1));
    const found = await afterChange((store) => {
      const records = store.audit.get(stream) ?? [];
      store.audit.set(
        stream,
        records.map((item, at) => (at === 1 ? { ...item, body: body as JsonObject } : item)),
      );
      store.rewrite(HOST, store.records(HOST).slice(0, -1));
    });
    expect(found).toContainEqual(`${stream} 2: record 2 can not be read`);
    expect(found.some((finding) => finding.startsWith(`${HOST} `))).toBe(true);
  });

  it('task whose state tells another outcome than its log is found', async () => {
    const found = await afterChange((store) => {
      const [task] = store.items.get(`tasks#${CLOSED}`) ?? [];
      if (task === undefined) throw new Error('the incident has a task');
      const progress = { ...(task.body.progress as JsonObject), outcome: 'gone', destination: null };
      const others = (store.items.get(`tasks#${CLOSED}`) ?? []).slice(1);
      store.items.set(`tasks#${CLOSED}`, [{ ...task, body: { ...task.body, progress } }, ...others]);
    });
    expect(found).toEqual([expect.stringMatching(/its state tells another outcome, destination$/)]);
  });

  it('task that waits by its state, and has ended by its log, is found', async () => {
    const found = await afterChange((store) => {
      const items = (store.items.get(`tasks#${CLOSED}`) ?? []).map((item) => ({
        ...item,
        body: { ...item.body, progress: { status: 'waiting', notBeforeMs: 0, because: '' } },
      }));
      store.items.set(`tasks#${CLOSED}`, items);
    });
    expect(found).toContainEqual(expect.stringMatching(/its state is waiting, and its log tells another thing$/));
  });

  it('record that is left out is found, the last one too, as those behind it move up or stay', async () => {
    await fc.assert(
      fc.asyncProperty(aRecord, fc.boolean(), async ({ stream, index }, movesUp) => {
        const found = await afterChange((store) => {
          const left = store.records(stream).filter((_, at) => at !== index);
          const places = (store.audit.get(stream) ?? []).filter((_, at) => at !== index);
          if (movesUp || left.length === 0) store.rewrite(stream, left);
          else store.audit.set(stream, places);
        });
        expect(found.some((finding) => finding.startsWith(`${stream} `))).toBe(true);
      }),
      { numRuns: 100 },
    );
  });

  it('two records that change places are found, of one stream or of two', async () => {
    await fc.assert(
      fc.asyncProperty(aRecord, aRecord, async (a, b) => {
        fc.pre(a.stream !== b.stream || a.index !== b.index);
        const [first, second] = [whole.records(a.stream)[a.index], whole.records(b.stream)[b.index]];
        const found = await afterChange((store) => {
          const put = (at: typeof a, record: object | undefined) =>
            store.rewrite(
              at.stream,
              store.records(at.stream).map((each, index) => (index === at.index ? (record ?? each) : each)),
            );
          put(a, second);
          put(b, first);
        });
        expect(found).not.toEqual([]);
      }),
      { numRuns: 100 },
    );
  });

  it('tail that is cut is found, and any stream that is gone', async () => {
    await fc.assert(
      fc.asyncProperty(aRecord, async ({ stream, index }) => {
        const found = await afterChange((store) => store.rewrite(stream, store.records(stream).slice(0, index)));
        expect(found).toContainEqual(
          expect.stringMatching(/tail is missing|its tasks|not the policy|not start from|nothing is left/),
        );
      }),
      { numRuns: 100 },
    );
  });

  it('record that is put in is found, however well it is made', async () => {
    await fc.assert(
      fc.asyncProperty(aStream, async (stream) => {
        const found = await afterChange((store) => {
          const records = store.records(stream);
          const last = records.at(-1);
          const head = { seq: last?.seq ?? 0, hash: last?.hash ?? '' };
          store.rewrite(stream, [...records, ...appendFacts(stream, head, [{ type: 'put-in' }], 1).records]);
        });
        expect(found).toContainEqual(expect.stringContaining(`${stream} `));
      }),
    );
  });

  it('stream that is written anew, with hashes that are right, is found', async () => {
    await fc.assert(
      fc.asyncProperty(aRecord, async ({ stream, index }) => {
        const found = await afterChange((store) =>
          store.rewrite(
            stream,
            forged(store.records(stream), index, ({ atMs }) => ({ atMs: atMs + 1 })),
          ),
        );
        expect(found).toContainEqual(expect.stringContaining(`${stream} `));
      }),
      { numRuns: 100 },
    );
  });
});

describe('of a log and a state that do not agree', () => {
  it.each<[string, (store: CopiedStore) => void, RegExp]>([
    ['a host that the state does not know', (store) => store.items.delete(HOST), /state knows nothing/],
    [
      'a host whose end is another',
      (store) => store.change(HOST, 'state', (host) => ({ ...host, audit: { seq: 2, hash: 'f'.repeat(64) } })),
      /is not the one|is behind the end/,
    ],
    [
      'an incident without an entry',
      (store) => store.change('incidents', CLOSED, () => undefined),
      /incident#.*state knows nothing/,
    ],
    [
      'an open incident that the host does not know',
      (store) => store.change(HOST, 'state', (host) => ({ ...host, incident: null })),
      /state knows nothing/,
    ],
    [
      'an end that the entry tells otherwise',
      (store) => store.change('incidents', CLOSED, (entry) => ({ ...entry, outcome: 'stood-down' })),
      /another outcome/,
    ],
    [
      'a beginning that the entry tells otherwise',
      (store) => store.change('incidents', OPEN, (entry) => ({ ...entry, host: 'compute-2' })),
      /another host/,
    ],
    [
      'a committed head that does not match',
      (store) =>
        store.change('incidents', UNTOUCHED, (entry) => ({ ...entry, auditHead: { seq: 2, hash: 'f'.repeat(64) } })),
      /not the one that the state was written with/,
    ],
    [
      'an entry that was opened again',
      (store) => store.change('incidents', CLOSED, (entry) => ({ ...entry, closedAtMs: null, auditHead: null })),
      /state knows nothing/,
    ],
    [
      'a task that the state does not know',
      (store) => store.items.delete(`tasks#${OPEN}`),
      /task#.*state knows nothing/,
    ],
    ['a stream that nobody writes', (store) => store.rewrite('other#1', [{ seq: 1 }]), /no stream of this name/],
  ])('%s is found', async (_, change, what) => {
    expect(await afterChange(change)).toContainEqual(expect.stringMatching(what));
  });

  it('a task that is gone with all that the state knew of it is missed by the end of its incident', async () => {
    const found = await afterChange((store) => {
      store.rewrite(streamOfTask(CLOSED, uuid(3, 2)), []);
      store.change(`tasks#${CLOSED}`, uuid(3, 2), () => undefined);
    });
    expect(found).toContainEqual(expect.stringMatching(/2 tasks it ended with are not those/));
  });

  it('an incident that is gone with all that was its own is missed by its host', async () => {
    const found = await afterChange((store) => {
      store.rewrite(`incident#${UNTOUCHED}`, []);
      store.change('incidents', UNTOUCHED, () => undefined);
    });
    expect(found).toContainEqual(expect.stringMatching(/which nothing is left of/));
  });

  it('a task that was grafted to another incident is found, whatever was written anew for it', async () => {
    const [from, to] = [streamOfTask(CLOSED, uuid(3, 1)), streamOfTask(UNTOUCHED, uuid(3, 1))];
    const found = await afterChange((store) => {
      const records = forged(
        store.records(from).map((record) => ({ ...record, stream: to })),
        -1,
        () => ({}),
      ) as unknown as AuditRecord[];
      store.rewrite(to, records);
      const last = records.at(-1);
      const task = store.items.get(`tasks#${CLOSED}`)?.find(({ sort }) => sort === uuid(3, 1));
      const body = { ...task?.body, incidentId: UNTOUCHED, audit: { seq: last?.seq, hash: last?.hash } };
      store.items.set(`tasks#${UNTOUCHED}`, [
        { partition: `tasks#${UNTOUCHED}`, sort: uuid(3, 1), version: 1, body: body as unknown as JsonObject },
      ]);
    });
    expect(found).toContainEqual(expect.stringMatching(/does not start from a record of its incident/));
    expect(found).toContainEqual(expect.stringMatching(/1 tasks it ended with are not those/));
  });
});

describe('an incident that was closed', () => {
  it('is whole when the answer to a request comes late', async () => {
    const { services: late } = await runThreeIncidents();
    const task = await loadTask(late.state, CLOSED, uuid(3, 1));
    const answer = { kind: 'unknown', error: 'timed out', durationMs: 60_000 } as const;
    if (task !== undefined) await recordAnswer(late, task, [], answer, 1, aSegment());
    const store = await CopiedStore.of(late.state);
    expect(store.records(streamOfTask(CLOSED, uuid(3, 1))).at(-1)?.fact.type).toBe('evacuate-answered');
    expect(await findingsOf(store)).toEqual([]);
    late.state.close();
  });

  it('is given no further task by a follower that is late', async () => {
    const of = {
      incidentId: CLOSED,
      hostKey: HOST_KEY,
      signs: new Map(),
      evacuations: [],
      otherMigrations: [],
      nowMs: NOW_MS,
    };
    const planned = planTasks({ ...of, servers: [aServer({ id: uuid(3, 9) })], segment: aSegment() });
    expect(await addTasks(services, planned, { value: aHostIn('evacuating'), version: 1 })).toEqual([]);
    expect(await loadTask(services.state, CLOSED, uuid(3, 9))).toBeUndefined();
  });
});

describe('a log that is written while it is read', () => {
  it('is whole', async () => {
    const { services: live, pipeline } = await runThreeIncidents();
    const running = pipeline.run(120);
    const { findings } = await verifyAudit(live.state, live.clock);
    await running;
    expect(findings).toEqual([]);
    live.state.close();
  });
});
