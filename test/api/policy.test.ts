/** The policy by the API: read, checked, compared. */
import { beforeEach, describe, expect, it } from 'vitest';
import { parse, stringify } from 'yaml';
import { policyCheckedSchema, policyViewSchema } from '#shared/api/schemas/policy.ts';
import { policySchema } from '#shared/domain/policy.ts';
import { aPolicy, type PolicyInput } from '#test/support/builders.ts';
import { type Asked, asking } from './asked-of-a-pipeline.ts';

let api: Asked;
beforeEach(async () => {
  api = await asking();
});
const changed = (change: (policy: PolicyInput) => void): string => {
  const policy = structuredClone(api.services.policy) as PolicyInput;
  change(policy);
  return stringify(policy);
};
const sent = async (what: 'check' | 'diff', text: string) =>
  policyCheckedSchema.parse(await (await api.post(`policy/${what}`, { text })).json());

describe('the policy in force', () => {
  it('is told with its defaults and without, and both mean the same', async () => {
    const told = policyViewSchema.parse(await (await api.get('policy')).json());
    expect(policySchema.parse(parse(told.yaml))).toEqual(api.services.policy);
    expect(policySchema.parse(parse(told.short))).toEqual(api.services.policy);
    expect(told.short.length).toBeLessThan(told.yaml.length / 2);
    expect(told).toMatchObject({ segments: 1, fenceDevices: 1, made: [] });
  });

  it('holds no secret, in an address either', async () => {
    const url = 'https://root:calvin@bmc.test/redfish/v1/Systems/{host}';
    api = await asking({ fenceDevices: { '*': { driver: 'redfish', url, credentials: 'bmc' } } });
    const text = await (await api.get('policy')).text();
    expect(text).not.toContain('calvin');
    expect(text).toContain('https://***@bmc.test/');
  });
});

describe('a policy that somebody has written', () => {
  it('is well', async () => {
    expect(
      await sent(
        'check',
        changed(() => undefined),
      ),
    ).toEqual({
      ...{ well: true, faults: [], notes: [], segments: 1, fenceDevices: 1, changes: null },
    });
  });

  it('is told each fault with its key and its line', async () => {
    const text =
      'version: 1\nsegments:\n  - name: az1\n    hosts: { availabilityZone: nova }\n    graceSecond: 10\nfenceDevices:\n  "*": { driver: redfish, url: "bmc-{host}", credentials: bmc }\n';
    const { well, faults } = await sent('check', text);
    expect(well).toBe(false);
    expect(faults).toEqual([
      { path: 'segments.0', line: 3, says: expect.stringContaining('"graceSecond"') },
      { path: 'fenceDevices.*.url', line: 7, says: expect.stringContaining('http(s) address') },
    ]);
  });

  it.each([
    ['a: [', /^not YAML/],
    [`${'['.repeat(50_000)}${']'.repeat(50_000)}`, /^not YAML/],
    [
      `a: &a [x]\n${Array.from({ length: 20 }, (_, at) => `b${at}: &b${at} [*${at === 0 ? 'a' : `b${at - 1}`}, *${at === 0 ? 'a' : `b${at - 1}`}]`).join('\n')}`,
      /^not YAML: more than 50000 values/,
    ],
    ['just a text', /./],
  ])('is refused as what it is: %.40s', async (text, says) => {
    const { well, faults } = await sent('check', text);
    expect(well).toBe(false);
    expect(faults[0]?.says).toMatch(says);
  });

  it('is compared with the one in force', async () => {
    expect(
      (
        await sent(
          'diff',
          changed(() => undefined),
        )
      ).changes,
    ).toEqual([]);
    const { changes } = await sent(
      'diff',
      changed((policy) => {
        Object.assign(policy.segments[0] ?? {}, { mode: 'shadow', graceSeconds: 20 });
      }),
    );
    expect(changes).toEqual([
      {
        ...{ path: 'segments.az1.mode', kind: 'changed', before: 'enforce', after: 'shadow', guards: 'more' },
        means: expect.stringContaining('touches nothing'),
      },
      {
        ...{ path: 'segments.az1.graceSeconds', kind: 'changed', before: '30', after: '20', guards: 'fewer' },
        means: expect.stringContaining('10 s sooner'),
      },
    ]);
    expect(await sent('diff', 'a: [')).toMatchObject({ well: false, changes: null });
  });

  it('may have some size, and is refused without being read beyond', async () => {
    const answered = await api.post('policy/check', { text: 'x'.repeat(3 * 1024 * 1024) });
    expect(answered.status).toBe(413);
    expect((await api.post('policy/check', { text: 'x'.repeat(512 * 1024 + 1) })).status).toBe(400);
    expect((await api.post('policy/check', { text: '' })).status).toBe(400);
    expect((await api.post('policy/check', {})).status).toBe(400);
  });

  it('is for whoever may look', async () => {
    const text = stringify(aPolicy());
    expect((await api.get('policy', null)).status).toBe(401);
    for (const what of ['check', 'diff']) {
      expect((await api.post(`policy/${what}`, { text }, null)).status).toBe(401);
      expect((await api.post(`policy/${what}`, { text }, 'cat')).status).toBe(200);
    }
  });
});
