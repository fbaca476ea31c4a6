import { describe, expect, it } from 'vitest';
import { notProtected, protectionKeys, signsNeeded } from '#shared/domain/protect.ts';
import type { Signs } from '#shared/domain/seen.ts';
import type { Server } from '#shared/ports.ts';
import { aSegment, aServer, type SegmentInput } from '#test/support/builders.ts';

type Policy = NonNullable<SegmentInput['instances']>;
const instancesOf = (policy: Policy) => aSegment({ instances: policy }).instances;
const why = (server: Partial<Server>, signs: Signs = {}, policy: Policy = {}) =>
  notProtected(aServer(server), signs, instancesOf(policy));

const anImage = (properties: Record<string, string>, tags: readonly string[] = []): Signs => ({
  image: { id: 'mini', tags, properties },
});
const inAggregates = (...all: readonly Record<string, string>[]): Signs => ({
  aggregates: all.map((metadata, index) => ({ name: `aggregate-${index}`, metadata })),
});

describe('protection by metadata', () => {
  it.each([
    ['all', undefined, true],
    ['all', 'false', false],
    ['all', ' No ', false],
    ['all', 'off', false],
    ['all', '0', false],
    ['all', 'perhaps', true],
    ['opted-in', undefined, false],
    ['opted-in', 'True', true],
    ['opted-in', 'yes', true],
    ['opted-in', 'on', true],
    ['opted-in', '1', true],
    ['opted-in', 'perhaps', false],
    ['opted-in', 'false', false],
  ] as const)('of %s with HA_Enabled %s is %s', (protect, value, isProtected) => {
    const metadata: Record<string, string> = value === undefined ? {} : { HA_Enabled: value };
    expect(why({ metadata }, {}, { protect }) === undefined).toBe(isProtected);
  });

  it.each([
    [{}, 'absent'],
    [{ HA_Enabled: ' Perhaps ' }, 'perhaps'],
  ])('that was not asked for says what the key %o holds', (metadata, value) => {
    expect(why({ metadata }, {}, { protect: 'opted-in' })).toBe(
      `not opted in: metadata HA_Enabled is ${value}, nor by image, flavor, aggregate`,
    );
  });

  it('is read from the key that the policy names', () => {
    const metadata = { ha: 'false', HA_Enabled: 'true' };
    expect(why({ metadata }, {}, { metadataKey: 'ha' })).toBe('opted out: metadata ha is false');
  });
});

describe('under opted-in an instance is protected', () => {
  const optedIn: Policy = { protect: 'opted-in' };
  it.each<[how: string, server: Partial<Server>, signs: Signs]>([
    ['by its metadata', { metadata: { HA_Enabled: 'true' } }, {}],
    ['by a property of its image', {}, anImage({ evacuable: 'true' })],
    ['by a tag of its image', {}, anImage({}, ['evacuable'])],
    ['by its flavor', { extraSpecs: { evacuable: 'True' } }, {}],
    ['by a key with a prefix, as InstanceHA reads it', { extraSpecs: { 'ha:evacuable': 'true' } }, {}],
    ['by an aggregate of its host', {}, inAggregates({ ssd: 'true' }, { evacuable: 'true' })],
  ])('%s', (_, server, signs) => {
    expect(why(server, signs, optedIn)).toBeUndefined();
  });

  it.each<[what: string, server: Partial<Server>, signs: Signs]>([
    ['another key of the flavor', { extraSpecs: { not_evacuable: 'true' } }, {}],
    ['another tag of the image', {}, anImage({}, ['evacuable-not'])],
    ['a value that is neither yes nor no', { extraSpecs: { evacuable: 'perhaps' } }, {}],
    ['an image that was deleted', {}, { image: null }],
  ])('not by %s', (_, server, signs) => {
    expect(why(server, signs, optedIn)).toMatch(/^not opted in/);
  });

  it('by keys that the policy names', () => {
    const policy: Policy = { ...optedIn, imageKey: 'i', flavorKey: 'f', aggregateKey: 'a' };
    expect(why({}, anImage({ i: '1' }), policy)).toBeUndefined();
    expect(why({ extraSpecs: { f: '1' } }, {}, policy)).toBeUndefined();
    expect(why({}, inAggregates({ a: '1' }), policy)).toBeUndefined();
    expect(why({ extraSpecs: { evacuable: '1' } }, inAggregates({ evacuable: '1' }), policy)).toMatch(/not opted in/);
  });
});

describe('the nearest word counts', () => {
  const said = { server: 'metadata', image: 'image', flavor: 'flavor', aggregate: 'aggregate' } as const;
  type Where = keyof typeof said;
  const NEAREST_FIRST: readonly Where[] = ['server', 'image', 'flavor', 'aggregate'];
  const told = (words: Partial<Record<Where, string>>) => {
    const image = words.image === undefined ? {} : { evacuable: words.image };
    const signs = {
      ...anImage(image),
      ...inAggregates(words.aggregate === undefined ? {} : { evacuable: words.aggregate }),
    };
    const server = {
      metadata: words.server === undefined ? {} : { HA_Enabled: words.server },
      extraSpecs: words.flavor === undefined ? {} : { evacuable: words.flavor },
    };
    return why(server, signs, { protect: 'opted-in' });
  };
  const pairs = NEAREST_FIRST.flatMap((near, index) =>
    NEAREST_FIRST.slice(index + 1).map((far) => [near, far] as const),
  );

  it.each(pairs)('%s before %s, in and out', (near, far) => {
    expect(told({ [near]: 'yes', [far]: 'no' })).toBeUndefined();
    expect(told({ [near]: 'no', [far]: 'yes' })).toMatch(new RegExp(`^opted out: ${said[near]} \\S+ is no$`));
  });

  it('and of two aggregates the one that says no', () => {
    const signs = inAggregates({ evacuable: 'yes' }, { evacuable: 'no' }, { evacuable: 'yes' });
    expect(why({}, signs, { protect: 'opted-in' })).toBe('opted out: aggregate evacuable is no');
  });

  it('and of an image that is tagged and says no the no', () => {
    expect(why({}, anImage({ evacuable: 'off' }, ['evacuable']), { protect: 'opted-in' })).toMatch(/image evacuable/);
  });
});

describe('what stands beside an instance is read', () => {
  it.each<[Policy, images: boolean, aggregates: boolean]>([
    [{}, false, false],
    [{ protect: 'opted-in' }, true, true],
    [{ saidIn: ['image'] }, true, false],
    [{ saidIn: ['aggregate', 'flavor'] }, false, true],
    [{ protect: 'opted-in', saidIn: ['metadata'] }, false, false],
    [{ exclude: [{ imageTag: 'amphora', because: 'it is one' }] }, true, false],
    [{ exclude: [{ name: 'x', because: 'it is one' }] }, false, false],
  ])('as far as %j asks: images %s, aggregates %s', (policy, images, aggregates) => {
    expect(signsNeeded(instancesOf(policy))).toEqual({ images, aggregates });
  });

  it('where the policy says so, and nowhere else', () => {
    const policy: Policy = { protect: 'opted-in', saidIn: ['flavor'] };
    expect(why({ extraSpecs: { evacuable: 'yes' } }, {}, policy)).toBeUndefined();
    expect(why({ metadata: { HA_Enabled: 'yes' } }, {}, policy)).toBe('not opted in: flavor evacuable is absent');
  });

  it('by no key that nobody asks for', () => {
    const all = { metadata: 'HA_Enabled', flavor: 'evacuable' };
    expect(protectionKeys(instancesOf({}))).toEqual({ ...all, image: undefined, aggregate: undefined });
    expect(why({}, { ...anImage({ evacuable: 'no' }), ...inAggregates({ evacuable: 'no' }) })).toBeUndefined();
  });
});

describe('an amphora is excluded, whatever its owner says', () => {
  const AN_AMPHORA = 'excluded: it is an amphora, which Octavia replaces by itself';
  it.each<Partial<Server>>([
    { name: 'amphora-7d9b0f0e-6a3a-4a0c-8f6e-6c1c2b7f8a11' },
    { flavorName: 'amphora' },
    { flavorName: 'm1.amphora' },
    { flavorName: 'octavia_65' },
    { flavorName: 'charm-octavia' },
  ])('%o', (server) => {
    expect(why({ ...server, metadata: { HA_Enabled: 'true' } })).toBe(AN_AMPHORA);
  });

  it.each<Partial<Server>>([
    { name: 'amphora-1' },
    { name: 'my-amphora-7d9b0f0e-6a3a-4a0c-8f6e-6c1c2b7f8a11' },
    { flavorName: 'm1.amphorae' },
  ])('and %o is none', (server) => {
    expect(why(server)).toBeUndefined();
  });

  it('unless the policy says otherwise', () => {
    expect(why({ flavorName: 'amphora' }, {}, { exclude: [] })).toBeUndefined();
  });
});

describe('an entry of the policy excludes', () => {
  const excluded = (entry: NonNullable<Policy['exclude']>[number], server: Partial<Server>, signs: Signs = {}) =>
    why(server, signs, { exclude: [{ ...entry, because: 'so it is' }] }) === 'excluded: so it is';

  it('by the tag of the image', () => {
    const entry = { imageTag: 'amphora', because: '' };
    expect(excluded(entry, {}, anImage({}, ['amphora']))).toBe(true);
    expect(excluded(entry, {}, anImage({ amphora: 'true' }))).toBe(false);
    expect(excluded(entry, {}, { image: null })).toBe(false);
  });

  it('by the project', () => {
    const entry = { project: 'service', because: '' };
    expect(excluded(entry, { projectId: 'service' })).toBe(true);
    expect(excluded(entry, { projectId: 'customer' })).toBe(false);
  });

  it('only what all of it is true of', () => {
    const entry = { name: 'trove-*', project: 'service', because: '' };
    expect(excluded(entry, { name: 'trove-1', projectId: 'service' })).toBe(true);
    expect(excluded(entry, { name: 'trove-1', projectId: 'customer' })).toBe(false);
    expect(excluded(entry, { name: 'web-1', projectId: 'service' })).toBe(false);
  });

  it('and must name something', () => {
    expect(() => instancesOf({ exclude: [{ because: 'so it is' }] })).toThrow(/must name something/);
  });
});
