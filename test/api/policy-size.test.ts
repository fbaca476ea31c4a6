/** What somebody may send as a policy who may only look: it must not hold up the process, which also fences. */

import { describe, expect, it } from 'vitest';
import { Lexer, stringify } from 'yaml';
import { MOST_OF_POLICY, MOST_POLICY_CHARACTERS } from '#shared/api/schemas/policy.ts';
import { policyChecked } from '#shared/views/policy.ts';
import { aPolicy } from '#test/support/builders.ts';

const OWN = aPolicy();
const SEGMENTS = 'segments: [{ name: az1, hosts: { availabilityZone: az1 } }]';
const HEAD = `version: 1\n${SEGMENTS}\nfenceDevices: `;
const tokensOf = (text: string): number => Array.from(new Lexer().lex(text)).length;

/** Of this thread: others on the machine do not count. */
function checked(text: string) {
  const before = process.threadCpuUsage();
  const told = policyChecked(text, OWN, MOST_OF_POLICY);
  const { user, system } = process.threadCpuUsage(before);
  return { ...told, seconds: (user + system) / 1e6 };
}

/** As many of these as may be, by tokens or else by characters. */
function filled(piece: (at: number) => string, head = '', tail = ''): string {
  const each = tokensOf(`${head}${Array.from({ length: 100 }, (_, at) => piece(at)).join('')}${tail}`) / 100;
  const length = Math.floor((MOST_OF_POLICY.tokens - 100) / each);
  const text = head + Array.from({ length }, (_, at) => piece(at)).join('') + tail;
  expect(text.length).toBeLessThan(MOST_POLICY_CHARACTERS);
  return text;
}

describe('the largest policy that is read', () => {
  it.each([
    ['keys', filled((at) => `key${at}: 1\n`)],
    ['keys twice', filled((at) => `key${at % 20_000}: 1\n`)],
    ['devices that are none', filled((at) => `h${at}: 1, `, `${HEAD}{`, '}')],
    ['devices that lack what they need', filled((at) => `h${at}: {driver: ipmi},`, `${HEAD}{`, '}')],
    ['devices of several hosts', filled((at) => `h${at}: {driver: ironic, node: a},`, `${HEAD}{`, '}')],
    ['faults of YAML', filled(() => ',', '[', ']')],
    ['tags that nobody knows', filled(() => '- !x a\n')],
    ['anchors, and aliases', filled((at) => (at < 199 ? `*a0,&a${at} 1,` : `&a${at} 1,`), '[&a0 1,', ']')],
  ])('takes less than three seconds of work, on a busy machine too: %s', (_, text) => {
    const { seconds, faults } = checked(text);
    expect(seconds).toBeLessThan(3);
    expect(faults).not.toEqual([]);
    expect(faults.length).toBeLessThanOrEqual(101);
  });

  it('is larger than that of 2,000 hosts with all that a device may need, as YAML or JSON', () => {
    const device = (at: number) => ({
      driver: 'redfish',
      url: `https://bmc-${at}.rack-${at % 40}.mgmt.example.org/redfish/v1/Systems/1`,
      credentials: 'bmc',
      systemUuid: `00000000-0000-4000-8000-${String(at).padStart(12, '0')}`,
      caFile: '/etc/salvor/bmc-ca.pem',
      network: 'mgmt',
    });
    const fenceDevices = Object.fromEntries(Array.from({ length: 2000 }, (_, at) => [`compute-${at}`, device(at)]));
    const policy = { version: 1, segments: [{ name: 'az1', hosts: { availabilityZone: 'az1' } }], fenceDevices };
    const networks = { ...policy, fenceNetworks: { mgmt: 20 } };
    for (const text of [stringify(networks), JSON.stringify(networks)]) {
      expect(text.length).toBeLessThan(MOST_POLICY_CHARACTERS);
      expect(checked(text)).toMatchObject({ well: true, fenceDevices: 2000 });
    }
  });
});

describe('faults', () => {
  it('are a hundred at most, and it is told how many more there are', () => {
    const { faults } = checked(`${HEAD}{${Array.from({ length: 250 }, (_, at) => `h${at}: 1`).join()}}`);
    expect(faults).toHaveLength(101);
    expect(faults[100]).toEqual({ path: '', line: null, says: 'and 150 more' });
  });

  it.each([
    ['two equal keys', `version: 1\n${SEGMENTS}\nversion: 1\n`, 'Map keys must be unique', 3],
    ['two of JSON', '{"version": 1,\n"a": {"b": 1,\n"b": 2}}', 'Map keys must be unique', 3],
    ['a key that is a list', 'version: 1\n? [a]\n: 1\n', 'Map keys must be words', 2],
    ['what is no YAML', 'version: 1\na: [\n', 'Flow sequence in block collection must be', 3],
  ])('has the line of %s', (_, text, says, line) => {
    expect(checked(text).faults).toEqual([{ path: '', line, says: expect.stringContaining(`not YAML: ${says}`) }]);
  });
});

describe('a text that would grow', () => {
  it.each([
    ['words', filled(() => '- a\n').repeat(2), /^not YAML: more than 150000 words and marks/],
    ['aliases', `a: &a 1\nb: [${'*a,'.repeat(201)}]`, /^not YAML: more than 200 aliases/],
    ['what holds itself', 'a: &a [*a]', /^not YAML: more than 50000 values/],
    ['long words', `a: &a ${'x'.repeat(20_000)}\nb: [${'*a,'.repeat(60)}]`, /or 1048576 characters, with what aliases/],
    ['brackets', `${'['.repeat(101)}${']'.repeat(101)}`, /^not YAML: more than 100 brackets/],
  ])('is refused: %s', (_, text, says) => {
    const { faults, seconds } = checked(text);
    expect(faults).toEqual([{ path: '', line: null, says: expect.stringMatching(says) }]);
    expect(seconds).toBeLessThan(3);
  });
});
