/** Decisions about instances and processes are made again from the log alone, and come out the same. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { streamOfInstance, streamOfProcesses } from '#shared/domain/audit.ts';
import { type OtherLog, replayInstance, replayProcesses } from '#shared/domain/replay/other.ts';
import { readOtherLog } from '#shared/state/read-log.ts';
import { aPolicy, HOST_KEY, INSTANCE_ID } from '#test/support/builders.ts';
import type { FakeServices } from '#test/support/fakes.ts';
import { runOthers } from '#test/support/recorded-others.ts';

let services: FakeServices;
let ofInstance: OtherLog;
let ofProcesses: OtherLog;
beforeAll(async () => {
  services = await runOthers();
  ofInstance = await readOtherLog(services.state, streamOfInstance(INSTANCE_ID));
  ofProcesses = await readOtherLog(services.state, streamOfProcesses(HOST_KEY));
});
afterAll(() => services.state.close());

const typesIn = ({ records }: OtherLog) => new Set(records.map(({ fact }) => fact.type));

describe('a replay', () => {
  it('of an instance decides each time the same', () => {
    expect(typesIn(ofInstance)).toEqual(
      new Set([
        'instance-reported',
        'instance-incident-opened',
        'instance-held',
        'instance-request-intended',
        'instance-request-answered',
        'instance-request-found',
        'instance-request-done',
        'instance-incident-closed',
      ]),
    );
    const { different, undecided, decisions } = replayInstance(INSTANCE_ID, ofInstance);
    expect({ different, undecided }).toEqual({ different: 0, undecided: 0 });
    expect(new Set(decisions.map(({ by }) => by))).toEqual(
      new Set(['instance-reports', 'instance-look', 'instance-answer']),
    );
  });

  it('of processes too', () => {
    expect([...typesIn(ofProcesses)]).toEqual(expect.arrayContaining(['scheduling-off', 'restart-answered']));
    const { different, undecided, decisions } = replayProcesses(HOST_KEY, ofProcesses);
    expect({ different, undecided }).toEqual({ different: 0, undecided: 0 });
    expect(decisions.length).toBeGreaterThan(8);
  });

  it('under another policy shows what that would have changed', () => {
    const never = aPolicy({}, { instanceRecovery: { confirmSeconds: 5 }, processRecovery: { disable: [] } });
    const { first } = replayInstance(INSTANCE_ID, ofInstance, never);
    expect(first?.decided).toMatchObject([
      { type: 'instance-incident-closed', outcome: 'left', because: expect.stringMatching(/^not opted in/) },
    ]);
    expect(replayProcesses(HOST_KEY, ofProcesses, never).different).toBeGreaterThan(0);
  });

  it('notices a decision that does not follow', () => {
    const records = ofInstance.records.map((record) =>
      record.fact.type === 'instance-held' ? { ...record, fact: { ...record.fact, holds: [] } } : record,
    );
    expect(replayInstance(INSTANCE_ID, { ...ofInstance, records }).different).toBeGreaterThan(0);
  });

  it('says what it can not decide, and why', () => {
    const cannot = (log: OtherLog) => replayInstance(INSTANCE_ID, log).decisions.find((each) => each.cannot)?.cannot;
    const [first, ...rest] = ofInstance.records;
    if (first === undefined) throw new Error('there are records');
    const { basis: _, ...bare } = first;
    expect(cannot({ ...ofInstance, records: [bare, ...rest] })).toContain('without what it was decided on');
    expect(cannot({ ...ofInstance, policies: new Map() })).toContain('policy');
    expect(cannot({ ...ofInstance, records: rest.slice(1) })).toContain('follow');
  });
});
