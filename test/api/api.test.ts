/** The API on the state that the real functions have written: what it answers is of its own schemas, and who may what. */
import { beforeEach, describe, expect, it } from 'vitest';
import { outcomeSchema } from '#shared/api/schemas/command.ts';
import { entrySchema, incidentSchema } from '#shared/api/schemas/incident.ts';
import { nowSchema } from '#shared/api/schemas/now.ts';
import type { Policy } from '#shared/domain/policy.ts';
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

  it('is described', async () => {
    const { paths } = (await (await ask('/api/openapi.json', null)).json()) as { paths: object };
    expect(Object.keys(paths)).toEqual([
      '/api/v1/session',
      '/api/v1/me',
      '/api/v1/now',
      '/api/v1/hosts/{host}/explanation',
      '/api/v1/incidents',
      '/api/v1/incidents/{id}',
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
