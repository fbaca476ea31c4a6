import { createHash } from 'node:crypto';
import { beforeEach, describe, expect, it } from 'vitest';
import { canonical } from '#shared/domain/audit.ts';
import { type Checkpoint, checkCheckpoints, makeCheckpoint } from '#shared/domain/checkpoint.ts';
import { headsNow, verifyAgainst } from '#shared/state/checkpoints.ts';
import { verifyAudit } from '#shared/state/verify-audit.ts';
import { HOST_KEY, NOW_MS, uuid } from '#test/support/builders.ts';
import { CopiedStore } from '#test/support/copied-store.ts';
import { FakeClock } from '#test/support/fakes.ts';
import { newKeys } from '#test/support/keys.ts';
import { runThreeIncidents } from '#test/support/recorded-run.ts';

const keys = newKeys();
const HOST = `host#${HOST_KEY}`;
const OPEN = uuid(9, 6);

let before: CopiedStore;
let now: CopiedStore;
let checkpoints: readonly Checkpoint[];
/** Three incidents, the last one open, with a checkpoint then and one when it has ended. */
beforeEach(async () => {
  const { services, pipeline } = await runThreeIncidents();
  before = await CopiedStore.of(services.state);
  const first = makeCheckpoint([], await headsNow(before), NOW_MS, keys.privateKey);
  await pipeline.run(120);
  now = await CopiedStore.of(services.state);
  checkpoints = [first, makeCheckpoint([first], await headsNow(now), NOW_MS + 1, keys.privateKey)];
  services.state.close();
});

const wrongWith = (store: CopiedStore) => verifyAgainst(store, checkpoints);
const signatures = (of: readonly Checkpoint[]) =>
  checkCheckpoints(of, keys.publicKey).map(({ seq, what }) => `${seq}: ${what}`);

describe('a checkpoint', () => {
  it('tells the ends of hosts, of incidents and of tasks of open ones, and then only what has changed', () => {
    const [first, second] = checkpoints.map(({ heads }) => Object.keys(heads).map((stream) => stream.split('#')[0]));
    expect(first?.sort()).toEqual(['host', 'incident', 'incident', 'incident', 'task', 'task', 'task']);
    expect(second).toEqual(['incident']);
  });

  it('follows from the one before, the first from zeros', () => {
    expect(checkpoints.map(({ previous }) => previous)).toEqual([
      '0'.repeat(64),
      createHash('sha256').update(canonical(checkpoints[0])).digest('hex'),
    ]);
  });

  it('tells an end again whose record is another one', () => {
    const told = makeCheckpoint([], new Map([['s', { seq: 1, hash: 'a' }]]), NOW_MS, keys.privateKey);
    const now = { seq: 1, hash: 'b' };
    expect(makeCheckpoint([told], new Map([['s', now]]), NOW_MS, keys.privateKey).heads).toEqual({ s: now });
  });

  it('that is wrong by itself is told under a name of its own', () => {
    expect(checkCheckpoints(checkpoints.slice(1), keys.publicKey)).toEqual([
      { stream: 'checkpoints', seq: 1, what: 'it does not follow from the one before' },
    ]);
  });

  it('is found true of the log it was made of, and of what the log has become since', async () => {
    expect(signatures(checkpoints)).toEqual([]);
    expect(await wrongWith(now)).toEqual([]);
    expect(await verifyAgainst(now, checkpoints.slice(0, 1))).toEqual([]);
  });

  it('shows a log that was put back to an earlier state, which by itself is whole', async () => {
    expect((await verifyAudit(before, new FakeClock())).findings).toEqual([]);
    expect(await wrongWith(before)).toEqual([
      { stream: `incident#${OPEN}`, seq: 12, what: expect.stringMatching(/^it is gone: the checkpoint of /) },
    ]);
  });

  it('shows a tail that was cut off an open stream together with what the state knew of it', async () => {
    const cut = before.copy();
    const left = cut.records(HOST).slice(0, -1);
    cut.rewrite(HOST, left);
    const { seq, hash } = left.at(-1) ?? { seq: 0, hash: '' };
    cut.change(HOST, 'state', (host) => ({ ...host, audit: { seq, hash } }));
    expect((await verifyAudit(cut, new FakeClock())).findings).toEqual([]);
    expect(await wrongWith(cut)).toContainEqual({
      stream: HOST,
      seq: seq + 1,
      what: expect.stringMatching(/^it is gone/),
    });
  });

  it('shows a record that was written anew', async () => {
    const anew = now.copy();
    anew.rewrite(
      HOST,
      anew.records(HOST).map((record) => ({ ...record, hash: 'f'.repeat(64) })),
    );
    expect(await wrongWith(anew)).toContainEqual(
      expect.objectContaining({ stream: HOST, what: expect.stringMatching(/has seen another one$/) }),
    );
  });
});

describe('the checkpoints by themselves', () => {
  it.each<[string, (of: readonly Checkpoint[]) => readonly Checkpoint[], string]>([
    [
      'one that was changed',
      ([first, ...more]) => (first === undefined ? [] : [{ ...first, atMs: 0 }, ...more]),
      '1: its signature is not of this key',
    ],
    ['one that is gone from the beginning', ([, ...more]) => more, '1: it does not follow from the one before'],
    ['two that changed places', (of) => [...of].reverse(), '2: it does not follow from the one before'],
    [
      'one by another key',
      (of) => [...of, makeCheckpoint(of, new Map(), NOW_MS, newKeys().privateKey)],
      '3: its signature is not of this key',
    ],
  ])('%s is found', (_, change, what) => {
    expect(signatures(change(checkpoints))).toContain(what);
  });
});
