import { describe, expect, test } from 'vitest';
import { manualClock } from '#sim/clock.ts';
import { Journal } from '#sim/journal.ts';
import { RequestLog, withoutSecrets } from '#sim/request-log.ts';
import { deadHost, evacuate, openBench } from './bench.ts';

describe('the request log', () => {
  test('masks whatever is named like a secret, and nothing else', () => {
    const auth = {
      identity: {
        methods: ['password'],
        password: { user: { name: 'admin', password: 'p4ss' } },
        token: { id: 'gAAAA' },
        application_credential: { id: 'abc', secret: 's3cret' },
      },
    };
    expect(withoutSecrets({ auth })).toEqual({
      auth: {
        identity: {
          methods: ['password'],
          password: { user: { name: 'admin', password: '***' } },
          token: { id: '***' },
          application_credential: { id: 'abc', secret: '***' },
        },
      },
    });
  });

  test('holds no secret of the cloud', async () => {
    const { cloud } = await openBench();
    const { admin, applicationCredential } = cloud.credentials;
    const json = {
      auth: {
        identity: {
          methods: ['application_credential'],
          application_credential: { id: applicationCredential.id, secret: applicationCredential.secret },
        },
      },
    };
    const answer = await fetch(`${cloud.authUrl}/auth/tokens`, { method: 'POST', body: JSON.stringify(json) });
    expect(answer.status).toBe(201);
    const log = JSON.stringify(cloud.requestLog.records);
    expect(log).toContain('application_credential');
    for (const secret of [admin.password, applicationCredential.secret, answer.headers.get('x-subject-token') ?? '?']) {
      expect(log).not.toContain(secret);
    }
  });

  test('shares one strictly increasing sequence with guests, power and Nova’s records', async () => {
    const bench = await openBench();
    const id = await deadHost(bench);
    await evacuate(bench.admin, id);
    bench.clock.advance(1000);
    const { cloud } = bench;
    const asked = cloud.requestLog.records.flatMap(({ seq, answeredSeq }) =>
      answeredSeq === undefined ? [seq] : [seq, answeredSeq],
    );
    const all = [...asked, ...cloud.journal.facts.map(({ seq }) => seq)].sort((a, b) => a - b);
    expect(all).toEqual(Array.from({ length: all.length }, (_, index) => index + 1));
    const at = (kind: string): number => cloud.journal.facts.find((fact) => fact.kind === kind)?.seq ?? Number.NaN;
    const [request] = cloud.requestLog.find({ operation: 'evacuate' });
    expect(at('forced-down')).toBeLessThan(at('evacuate-accepted'));
    expect(request?.seq).toBeLessThan(at('evacuate-accepted'));
    expect(at('evacuate-accepted')).toBeLessThan(request?.answeredSeq ?? 0);
    expect(cloud.journal.facts.find(({ kind }) => kind === 'evacuate-accepted')).toMatchObject({
      forcedDown: true,
      duringAnother: false,
    });
  });

  test('names host, instance, operation and microversion of a request', async () => {
    const bench = await openBench();
    const id = await deadHost(bench);
    await evacuate(bench.admin, id, { host: 'compute-2' });
    const { requestLog } = bench.cloud;
    expect(requestLog.find({ operation: 'evacuate' })).toMatchObject([
      {
        api: 'nova',
        method: 'POST',
        host: 'compute-1',
        serverId: id,
        microversion: '2.94',
        status: 200,
        body: { evacuate: { host: 'compute-2' } },
      },
    ]);
    expect(requestLog.count({ operation: 'update-service', host: 'compute-1' })).toBe(1);
    expect(requestLog.count({ api: 'keystone' })).toBe(1);
    expect(requestLog.count({ path: /\/action$/, status: 200 })).toBe(1);
    expect(requestLog.count()).toBe(requestLog.records.length);
  });

  test('tells how many ran at once', () => {
    const log = new RequestLog(new Journal(manualClock()));
    const begin = (host: string) =>
      log.begin({ api: 'nova', method: 'POST', path: '/', requestId: 'req-1', operation: 'evacuate', host });
    const first = begin('a');
    begin('b');
    log.end(first, 200);
    begin('a');
    expect(log.peakAtOnce({ operation: 'evacuate' })).toBe(2);
    expect(log.peakAtOnce({ host: 'a' })).toBe(1);
    expect(log.peakAtOnce({ operation: 'list-servers' })).toBe(0);
  });
});
