/** Capacity and forecasts by the API: the answers of the views that the commands print, bad input, roles, and other servers. */
import { beforeEach, describe, expect, it } from 'vitest';
import { mirrorInstances } from '#functions/mirror-instances.ts';
import { mirrorInventory } from '#functions/mirror-inventory.ts';
import { capacityViewSchema, whatIfSchema } from '#shared/api/schemas/forecast.ts';
import { segmentSchema } from '#shared/api/schemas/now.ts';
import { seconds } from '#test/support/builders.ts';
import { type Asked, asking } from './asked-of-a-pipeline.ts';

const DOMAINS = { hosts: { r1: ['compute-1', 'compute-2'] } };
let api: Asked;
beforeEach(async () => {
  api = await asking({ forecast: { everySeconds: 60 }, failureDomains: DOMAINS });
});

async function mirror(): Promise<void> {
  const { cloud } = api.services;
  cloud.services = cloud.services.map((each) => ({ ...each, state: 'up' }));
  await mirrorInventory(api.services);
  api.services.clock.nowMs += seconds(60);
  await mirrorInstances(api.services);
  api.services.clock.nowMs += seconds(60);
  await mirrorInstances(api.services);
}
const foretold = async (body: object) => {
  const answered = await api.post('what-if', body);
  expect(answered.status).toBe(200);
  return whatIfSchema.parse(await answered.json());
};
const refused = async (body: object) => {
  const answered = await api.post('what-if', body);
  expect(answered.headers.get('content-type')).toBe('application/problem+json');
  return (await answered.json()) as { status: number; detail: string };
};

describe('segments', () => {
  it('are told with their hosts and what they would survive', async () => {
    await mirror();
    const [az1] = segmentSchema.array().parse(await (await api.get('segments')).json());
    expect(az1).toMatchObject({ segment: 'az1', hosts: 6, survivesOne: true });
  });
});

describe('capacity', () => {
  it('is told once all instances are listed, and before that what may fail together', async () => {
    const early = capacityViewSchema.parse(await (await api.get('capacity')).json());
    expect(early).toEqual({ listedAtMs: null, segments: [], racks: [{ name: 'r1', hosts: 2 }] });
    await mirror();
    const { listedAtMs, segments } = capacityViewSchema.parse(await (await api.get('capacity')).json());
    expect(listedAtMs).not.toBeNull();
    expect(segments).toMatchObject([{ segment: 'az1', hosts: 6, instances: 3, one: { survives: true } }]);
  });

  it('is worked out once for all who ask within some seconds', async () => {
    await mirror();
    const { state, clock } = api.services;
    const { reads } = await state.counted(() => api.get('capacity'));
    expect(reads).toBeGreaterThan(0);
    expect((await state.counted(() => Promise.all([api.get('capacity'), api.get('capacity')]))).reads).toBe(0);
    clock.nowMs += seconds(11);
    const both = await state.counted(() => Promise.all([api.get('capacity'), api.get('capacity')]));
    expect(both.reads).toBe(reads);
  });
});

describe('what if', () => {
  it('tells of one host, several, a rack, a zone and a segment what would become of each instance', async () => {
    await mirror();
    const one = await foretold({ hosts: ['compute-1'] });
    expect(one.hosts).toMatchObject([{ host: 'compute-1', segment: 'az1', blockers: [], seen: true }]);
    expect(one.counts).toEqual({ 'comes-back': 3, 'from-snapshot': 0, maybe: 0, stays: 0, 'not-protected': 0 });
    expect(one.inShort).toMatch(/^3 instances: 3 come back, .* the last is up about/);
    expect(one.countedWith).toMatch(/^grace periods of 30 s; .*fencing 30 s, assumed/);
    const names = async (body: object) => (await foretold(body)).hosts.map(({ host }) => host);
    expect(await names({ rack: 'r1' })).toEqual(['compute-1', 'compute-2']);
    expect(await names({ hosts: ['compute-2', 'compute-3'] })).toEqual(['compute-2', 'compute-3']);
    const all = ['compute-1', 'compute-2', 'compute-3', 'compute-4', 'compute-5', 'compute-6'];
    expect(await names({ zone: 'nova' })).toEqual(all);
    expect(await names({ segment: 'az1' })).toEqual(all);
    const zone = await foretold({ zone: 'nova' });
    expect(zone.hosts[0]?.blockers.join()).toMatch(/segment-storm: /);
    expect(api.services.cloud.actions).toEqual([]);
  });

  it('asks Nova for a few hosts while not all instances are mirrored, and else says so', async () => {
    expect(await foretold({ hosts: ['compute-1'] })).toMatchObject({ mirroredAtMs: null, asOf: 'as Nova says now' });
    expect(await refused({ zone: 'nova' })).toMatchObject({
      status: 503,
      detail: expect.stringContaining('not all instances are mirrored yet'),
    });
    const asked = await api.post('what-if', { zone: 'nova', live: true }, 'ann');
    expect(whatIfSchema.parse(await asked.json())).toMatchObject({ mirroredAtMs: null });
  });

  it('is worked out once for the same hosts, in whatever order they are named', async () => {
    await mirror();
    const { state } = api.services;
    await foretold({ hosts: ['compute-1', 'compute-2'] });
    expect((await state.counted(() => foretold({ hosts: ['compute-2', 'compute-1', 'compute-2'] }))).reads).toBe(0);
  });

  it('says when Nova does not tell, and does not keep that', async () => {
    const { cloud } = api.services;
    cloud.novaIsAway = true;
    expect(await refused({ hosts: ['compute-1'] })).toMatchObject({
      status: 503,
      detail: 'Nova does not tell: Nova does not answer',
    });
    cloud.novaIsAway = false;
    expect(await foretold({ hosts: ['compute-1'] })).toMatchObject({ counts: { 'comes-back': 3 } });
  });

  it('says that it can not ask Nova where this server may not', async () => {
    api = await asking({ forecast: { everySeconds: 60 } }, {}, { compute: undefined as never });
    expect(await refused({ hosts: ['compute-1'], live: true })).toMatchObject({ status: 501 });
    expect(await refused({ hosts: ['compute-1'] })).toMatchObject({ status: 503 });
  });

  it.each([
    [{}, 400, ''],
    [{ hosts: [] }, 400, 'hosts'],
    [{ hosts: ['compute-1'], zone: 'nova' }, 400, ''],
    [{ hosts: ['nobody'], live: true }, 400, 'no host nobody is known'],
    [{ zone: 'nova', live: true }, 403, 'needs the role operator'],
  ])('refuses %j', async (body, status, detail) => {
    expect(await refused(body)).toMatchObject({ status, detail: expect.stringContaining(detail) });
  });

  it.each([
    [{ rack: 'r9' }, 'no host is in the failure domain r9'],
    [{ segment: 'az9' }, 'no host is in the segment az9'],
    [{ zone: 'mars' }, 'no host is in the zone mars'],
  ])('says that %j holds no host', async (failing, detail) => {
    await mirror();
    expect(await refused(failing)).toMatchObject({ status: 400, detail: expect.stringContaining(detail) });
  });

  it('is for whoever may look', async () => {
    for (const path of ['segments', 'capacity']) {
      expect((await api.get(path, null)).status).toBe(401);
      expect((await api.get(path, 'cat')).status).toBe(200);
    }
    expect((await api.post('what-if', { hosts: ['compute-1'] }, null)).status).toBe(401);
    expect((await api.post('what-if', { hosts: ['compute-1'] }, 'ann')).status).toBe(200);
  });
});
