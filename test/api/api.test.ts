/** The API on the state that the real functions have written: what it answers is of its own schemas, and who may what. */
import { beforeEach, describe, expect, it } from 'vitest';
import { auditSchema } from '#shared/api/schemas/audit.ts';
import { outcomeSchema } from '#shared/api/schemas/command.ts';
import { entrySchema, pastSchema } from '#shared/api/schemas/entry.ts';
import { incidentSchema } from '#shared/api/schemas/incident.ts';
import { nowSchema } from '#shared/api/schemas/now.ts';
import { replaySchema } from '#shared/api/schemas/replay.ts';
import type { Policy } from '#shared/domain/policy.ts';
import { incidentAudit } from '#shared/views/incident-audit.ts';
import { CopiedStore } from '#test/support/copied-store.ts';
import type { FakeServices } from '#test/support/fakes.ts';
import { Pipeline } from '#test/support/pipeline.ts';
import { people, TOKENS, world } from './support.ts';

let services: FakeServices;
let pipeline: Pipeline;
async function start(policy: Partial<Policy> = {}, isLocal = false) {
  const at = world(policy, { isLocal });
  services = at.services;
  pipeline = new Pipeline(services);
  await pipeline.start();
  return at.app;
}

type App = Awaited<ReturnType<typeof start>>;
let app: App;
beforeEach(async () => {
  app = await start({ access: { people } });
});

const ask = (path: string, who: keyof typeof TOKENS | null = 'cat', init: RequestInit = {}) =>
  app.request(`http://salvor.test${path}`, {
    ...init,
    headers: {
      ...(who === null ? {} : { authorization: `Bearer ${TOKENS[who]}` }),
      ...(init.body === undefined ? {} : { 'content-type': 'application/json' }),
      ...(init.headers as Record<string, string>),
    },
  });
const post = (path: string, who: keyof typeof TOKENS, body: object) =>
  ask(path, who, { method: 'POST', body: JSON.stringify(body) });

describe('what is', () => {
  it('is told at every turn, in the form that the API describes', async () => {
    for (const seconds of [0, 10, 32, 900]) {
      if (seconds === 10) pipeline.report();
      await pipeline.run(seconds);
      const now = nowSchema.parse(await (await ask('/api/v1/now')).json());
      expect(now.hosts).toHaveLength(services.cloud.services.length);
      const told = (await (await ask('/api/v1/hosts/compute-1/explanation')).json()) as { verdict: string };
      expect(told.verdict).toContain('compute-1');
      const incidents = entrySchema.array().parse(await (await ask('/api/v1/incidents')).json());
      for (const { id } of incidents) {
        const incident = incidentSchema.parse(await (await ask(`/api/v1/incidents/${id}`)).json());
        expect(incident.faults).toEqual([]);
        expect(incident.records[0]).toMatchObject({ type: 'reported', about: 'compute-1' });
      }
      expect(incidents).toHaveLength(seconds === 0 ? 0 : 1);
    }
  });

  it('is not sent again to who has it', async () => {
    const first = await ask('/api/v1/incidents');
    const tag = first.headers.get('etag') ?? '';
    expect((await ask('/api/v1/incidents', 'cat', { headers: { 'if-none-match': tag } })).status).toBe(304);
  });

  it('is waited for, and told where nobody waits', async () => {
    const first = await ask('/api/v1/now');
    const headers = { 'if-none-match': first.headers.get('etag') ?? '', prefer: 'wait=5' };
    const beforeMs = services.clock.now();
    const waited = await ask('/api/v1/now', 'cat', { headers });
    expect([waited.status, waited.headers.get('preference-applied')]).toEqual([304, 'wait=5']);
    expect(services.clock.now() - beforeMs).toBe(5000);
    const { app: atOnce } = world({ access: { people } }, { state: services.state, longestWaitSeconds: 0 });
    const answered = await atOnce.request('http://salvor.test/api/v1/now', {
      headers: { ...headers, authorization: `Bearer ${TOKENS.cat}` },
    });
    expect(answered.headers.has('preference-applied')).toBe(false);
  });

  it('is described', async () => {
    const { paths } = (await (await ask('/api/openapi.json', null)).json()) as { paths: object };
    expect(Object.keys(paths)).toEqual([
      '/api/v1/session',
      '/api/v1/session/oidc',
      '/api/v1/session/oidc/callback',
      '/api/v1/me',
      '/api/v1/now',
      '/api/v1/hosts',
      '/api/v1/hosts/{host}/explanation',
      '/api/v1/incidents',
      '/api/v1/incidents/{id}',
      '/api/v1/incidents/{id}/audit',
      '/api/v1/incidents/{id}/replay',
      '/api/v1/history',
      '/api/v1/history.csv',
      '/api/v1/commands',
      '/api/v1/commands/{id}',
      '/api/v1/segments',
      '/api/v1/capacity',
      '/api/v1/what-if',
      '/api/v1/doctor',
      '/api/v1/reporters',
      '/api/v1/policy',
      '/api/v1/policy/check',
      '/api/v1/policy/diff',
      '/api/v1/audit/verification',
    ]);
  });

  it.each([
    ['/api/v1/hosts/nobody/explanation', 404, 'no such host'],
    ['/api/v1/incidents/00000000-0000-4000-8000-000000000000', 404, 'no such incident'],
    ['/api/v1/incidents/x', 400, 'id: '],
    ['/api/v1/nothing', 404, '/api/openapi.json'],
  ])('says what is wrong with %s', async (path, status, detail) => {
    const answered = await ask(path);
    expect(answered.status).toBe(status);
    expect(answered.headers.get('content-type')).toBe('application/problem+json');
    expect(await answered.json()).toMatchObject({ status, detail: expect.stringContaining(detail) });
  });
});

describe('what was', () => {
  const ended = async () => {
    pipeline.report();
    await pipeline.run(900);
    const [entry] = entrySchema.array().parse(await (await ask('/api/v1/incidents')).json());
    if (entry === undefined) throw new Error('there is no incident');
    return entry;
  };

  it('is in the log, which is checked', async () => {
    const { id } = await ended();
    const { findings, records, checked } = auditSchema.parse(await (await ask(`/api/v1/incidents/${id}/audit`)).json());
    expect(findings).toEqual([]);
    expect(checked).toBeGreaterThanOrEqual(records.length);
    expect(records.map(({ fact }) => fact.type)).toContain('proof-made');
  });

  it('is found out where the log was changed', async () => {
    const entry = await ended();
    const forged = await CopiedStore.of(services.state);
    const stream = `incident#${entry.id}`;
    Object.assign(forged.audit.get(stream)?.[0]?.body ?? {}, { atMs: 1 });
    const { findings } = await incidentAudit(forged, entry, services.clock);
    expect(findings).toContainEqual(expect.objectContaining({ stream, seq: 1 }));
  });

  it('is listed with what it took, as JSON and as a table', async () => {
    const { id, openedAtMs } = await ended();
    const list = async (query: string) =>
      pastSchema.array().parse(await (await ask(`/api/v1/history?${query}`)).json());
    const [past] = await list('');
    expect(past).toMatchObject({ id, outcome: 'recovered' });
    const { fencedMs, firstBackMs, lastBackMs } = past?.took ?? {};
    expect(fencedMs).toBeGreaterThanOrEqual(30_000);
    expect(firstBackMs).toBeGreaterThan(fencedMs ?? 0);
    expect(lastBackMs).toBeGreaterThanOrEqual(firstBackMs ?? 0);
    for (const none of [`sinceMs=${openedAtMs + 1}`, `untilMs=${openedAtMs}`, 'segment=x', 'host=x', 'outcome=open'])
      expect(await list(none)).toEqual([]);
    expect(await list(`untilMs=${openedAtMs + 1}&segment=az1&host=pute-1&outcome=recovered`)).toHaveLength(1);
    const answered = await ask('/api/v1/history.csv');
    expect(answered.headers.get('content-type')).toContain('text/csv');
    const [head, row, ...more] = (await answered.text()).split('\r\n');
    expect(head).toContain('id,host,segment,opened');
    expect(row).toContain(`${id},compute-1,az1,`);
    expect(more).toEqual(['']);
  });

  it('is decided again under another policy, and nothing is done by it', async () => {
    const { id } = await ended();
    const replay = async (body: object) => post(`/api/v1/incidents/${id}/replay`, 'cat', body);
    const same = replaySchema.parse(await (await replay({})).json());
    expect(same).toMatchObject({ different: 0, undecided: 0, told: [], otherwise: null });
    const { segments, ...policy } = services.policy;
    const slower = { ...policy, segments: segments.map((each) => ({ ...each, graceSeconds: 90 })) };
    const other = replaySchema.parse(await (await replay({ policy: JSON.stringify(slower) })).json());
    expect(other.different).toBeGreaterThan(0);
    expect(other.otherwise?.end).toMatch(/would have been fenced, 60\.0 s later/);
    expect((await replay({ policy: 'version: 9' })).status).toBe(400);
    expect((await replay({ policy: '{' })).status).toBe(400);
    expect((await replay({ policy: 'x'.repeat(512 * 1024 + 1) })).status).toBe(400);
    expect((await replay({ policy: 'x'.repeat(1024 * 1024) })).status).toBe(413);
  });

  it('is known of each host', async () => {
    await ended();
    const rows = (await (await ask('/api/v1/hosts')).json()) as { host: string; reporters: unknown[] }[];
    expect(rows).toHaveLength(services.cloud.services.length);
    expect(rows.find(({ host }) => host === 'compute-1')?.reporters).toContainEqual(
      expect.objectContaining({ says: 'down' }),
    );
  });
});

describe('who asks', () => {
  it('needs a token', async () => {
    for (const headers of [{}, { authorization: 'Bearer wrong-wrong-wrong-wrong' }, { authorization: 'Basic YTpi' }])
      expect((await ask('/api/v1/now', null, { headers })).status).toBe(401);
  });

  it('may what the role may', async () => {
    const disarm = { type: 'disarm', reason: 'test' };
    const arm = { type: 'arm', reason: 'test' };
    expect((await post('/api/v1/commands', 'cat', disarm)).status).toBe(403);
    expect((await post('/api/v1/commands', 'ben', disarm)).status).toBe(200);
    expect((await post('/api/v1/commands', 'ben', arm)).status).toBe(403);
    expect((await post('/api/v1/commands', 'ann', arm)).status).toBe(200);
  });

  it('is put on record by name, whatever the body says', async () => {
    const answered = await post('/api/v1/commands', 'ben', { type: 'disarm', segment: 'az1', reason: 'new switch' });
    const { id } = (await answered.json()) as { id: string };
    expect((await ask(`/api/v1/commands/${id}`)).status).toBe(404);
    await pipeline.run(5);
    const outcome = outcomeSchema.parse(await (await ask(`/api/v1/commands/${id}`)).json());
    expect(outcome).toMatchObject({ type: 'obeyed', by: 'ben', reason: 'new switch', on: 'segment az1' });
    const forged = await post('/api/v1/commands', 'ben', { type: 'disarm', reason: 'x', by: 'ann' });
    expect(forged.status).toBe(400);
    // Whose login on the machine it was counts for who two people are: only the command line there tells it.
    const which = { hostKey: 'default/RegionOne/1', incidentId: '00000000-0000-4000-8000-000000000000' };
    const confirm = { type: 'confirm-off', reason: 'seen', ...which };
    expect((await post('/api/v1/commands', 'ann', { ...confirm, login: 'uid 1001' })).status).toBe(400);
    expect((await post('/api/v1/commands', 'ann', confirm)).status).toBe(200);
  });

  it('is not let in by another site’s page: only JSON is taken, which no form sends', async () => {
    const body = JSON.stringify({ type: 'disarm', reason: 'x' });
    const asForm = await ask('/api/v1/commands', 'ben', {
      method: 'POST',
      body,
      headers: { 'content-type': 'text/plain' },
    });
    expect(asForm.status).toBeGreaterThanOrEqual(400);
    await pipeline.run(5);
    expect(nowSchema.parse(await (await ask('/api/v1/now')).json()).disarmed).toEqual([]);
  });

  it('without access in the policy is anybody of this machine, by its own name, and nobody else', async () => {
    app = await start({}, true);
    const from = (host: string) => ask('/api/v1/now', null, { headers: { host } });
    expect((await from('127.0.0.1:15868')).status).toBe(200);
    expect((await from('localhost:15868')).status).toBe(200);
    // A page whose name was made to lead to this machine (DNS rebinding).
    expect((await from('evil.example.org')).status).toBe(403);
    app = await start({}, false);
    expect((await from('127.0.0.1:15868')).status).toBe(403);
  });

  it('is kept out alone where a secret is missing', async () => {
    app = await start({ access: { people: { ...people, dan: { token: 'of-dan', role: 'viewer' } } } });
    expect((await ask('/api/v1/now')).status).toBe(200);
    expect(services.lines).toContainEqual(
      expect.objectContaining({ level: 'error', fields: { person: 'dan', error: 'there is no secret of-dan' } }),
    );
  });
});
