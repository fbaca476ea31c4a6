import { BlockList } from 'node:net';
import { describe, expect, it } from 'vitest';
import { Board } from '#infra/probe/board.ts';
import { addRange, type Target, targetsAmong, type Way, wayOf } from '#infra/probe/target.ts';
import type { ProbeServer } from '#shared/adapters/openstack/probe-servers.ts';
import { NOW_MS, seconds } from '#test/support/builders.ts';

const target = (index: number, overrides: Partial<Target> = {}): Target => ({
  instanceId: `instance-${index}`,
  host: 'compute-1',
  address: `192.0.2.${index}`,
  way: { by: 'icmp' },
  wanted: 'icmp',
  ...overrides,
});
const targets = (count: number) => Array.from({ length: count }, (_, index) => target(index + 1));

/** So many instances, and a clock. Every turn is one interval of 10 s: all are asked, and those that are named do not answer. */
class Story {
  readonly board = new Board({ intervalMs: seconds(10), misses: 3 }, () => 0.5);
  nowMs = NOW_MS;

  constructor(count: number) {
    this.board.replace(targets(count), this.nowMs);
  }

  turns(count: number, ...silent: readonly number[]): this {
    for (let turn = 0; turn < count; turn += 1) {
      this.nowMs += seconds(10);
      for (const asked of this.board.take(1000, this.nowMs))
        this.board.settle(
          asked,
          silent.some((each) => asked.instanceId === `instance-${each}`) ? 'no echo' : undefined,
          this.nowMs,
        );
    }
    return this;
  }

  /** Who is said to be down now, by number; or why nobody is. */
  said(): readonly number[] | string {
    const verdict = this.board.verdict(this.nowMs);
    if ('blamesItself' in verdict) return verdict.blamesItself;
    for (const { target: of } of verdict.say) this.board.said(of.instanceId, this.nowMs);
    return verdict.say.map(({ target: of }) => Number(of.instanceId.slice('instance-'.length)));
  }
}

describe('an instance that ceases to answer', () => {
  it('is said to be down after so many times in a row, once', () => {
    const story = new Story(4).turns(1);
    expect(story.turns(2, 2).said()).toEqual([]);
    expect(story.turns(1, 2).said()).toEqual([2]);
    expect(story.turns(5, 2).said()).toEqual([]);
  });

  it('is said to be down again after five minutes, or when it had answered meanwhile', () => {
    const story = new Story(4).turns(1).turns(3, 2);
    expect(story.said()).toEqual([2]);
    expect(story.turns(29, 2).said()).toEqual([]);
    expect(story.turns(1, 2).said()).toEqual([2]);
    expect(story.turns(1).turns(3, 2).said()).toEqual([2]);
  });

  it('is not, as long as it answers every third time', () => {
    const story = new Story(4).turns(1);
    for (let round = 0; round < 10; round += 1) expect(story.turns(2, 2).turns(1).said()).toEqual([]);
  });

  it('is never said to be down when it has never answered: it may be a firewall', () => {
    expect(new Story(4).turns(20, 2).said()).toEqual([]);
  });

  it('begins anew when it is asked otherwise, and is forgotten when it is asked no more', () => {
    const story = new Story(4).turns(1).turns(2, 2);
    story.board.replace(
      [target(1), target(2, { wanted: 'tcp:22', way: { by: 'tcp', port: 22 } }), target(3)],
      story.nowMs,
    );
    expect(story.turns(1, 2).said()).toEqual([]);
    story.board.replace([target(1), target(3)], story.nowMs);
    expect(story.turns(9, 2).said()).toEqual([]);
    expect(story.board.size).toBe(2);
  });
});

describe('a probe that may not see', () => {
  it('says nothing when nobody answers any more, and blames itself', () => {
    const story = new Story(4).turns(1).turns(3, 1, 2, 3, 4);
    expect(story.said()).toBe('none of 4 instances has answered for 30 s');
  });

  it('says nothing when more than half do not answer', () => {
    expect(new Story(4).turns(1).turns(3, 1, 2, 3).said()).toBe('3 of 4 instances do not answer');
    expect(new Story(4).turns(1).turns(3, 1, 2).said()).toEqual([1, 2]);
  });

  it('says nothing of a single instance: nobody vouches for the way to it', () => {
    expect(new Story(1).turns(1).turns(9, 1).said()).toMatch('none of 1');
  });
});

describe('instances', () => {
  it('are asked at different moments, each about once an interval, and not twice at a time', () => {
    let last = 0;
    const board = new Board({ intervalMs: seconds(10), misses: 3 }, () => {
      last = (last + 0.37) % 1;
      return last;
    });
    board.replace(targets(10), NOW_MS);
    const first = board.take(1000, NOW_MS + seconds(5)).length;
    expect(first).toBeGreaterThan(2);
    expect(first).toBeLessThan(8);
    expect(board.take(1000, NOW_MS + seconds(5))).toEqual([]);
    expect(board.take(2, NOW_MS + seconds(10))).toHaveLength(2);
  });

  it('are due again between nine and eleven tenths of an interval later', () => {
    for (const [chance, ms] of [
      [0, 9_000],
      [0.999, 10_998],
    ] as const) {
      const board = new Board({ intervalMs: seconds(10), misses: 3 }, () => chance);
      board.replace([target(1)], NOW_MS - seconds(10));
      const [asked] = board.take(1, NOW_MS);
      if (asked === undefined) throw new Error('it is due');
      board.settle(asked, undefined, NOW_MS);
      expect(board.take(1, NOW_MS + ms - 1)).toEqual([]);
      expect(board.take(1, NOW_MS + ms)).toHaveLength(1);
    }
  });
});

const ranges = ['192.0.2.0/24', '10.0.0.0/24', '2001:db8::/32'].reduce<BlockList | undefined>(
  (all, range) => all && addRange(all, range),
  new BlockList(),
) as BlockList;

describe('what an owner asks for', () => {
  it.each<[wanted: string, way: Way | undefined]>([
    ['icmp', { by: 'icmp' }],
    ['tcp:22', { by: 'tcp', port: 22 }],
    ['http', { by: 'http', port: 80, path: '/' }],
    ['http:8080', { by: 'http', port: 8080, path: '/' }],
    ['http:/healthz', { by: 'http', port: 80, path: '/healthz' }],
    ['http:8080/a?b=c', { by: 'http', port: 8080, path: '/a?b=c' }],
    ['tcp:0', undefined],
    ['tcp:65536', undefined],
    ['tcp:22;reboot', undefined],
    ['http://169.254.169.254/', { by: 'http', port: 80, path: '//169.254.169.254/' }],
    ['http:80/a b', undefined],
    ['http:80/a\r\nHost: x', undefined],
    ['', undefined],
    ['ICMP', undefined],
  ])('%j', (wanted, way) => {
    expect(wayOf(wanted)).toEqual(way);
  });

  const server = (id: string, addr: string, overrides: Partial<ProbeServer> = {}): ProbeServer => ({
    ...{ id, name: id, host: 'compute-1', isSteady: true, metadata: { 'salvor:probe': 'icmp' } },
    addresses: [{ network: 'net', address: addr, kind: 'fixed' }],
    ...overrides,
  });
  const among = (...servers: readonly ProbeServer[]) =>
    targetsAmong(servers, { kind: 'fixed', network: 'net', ranges });

  it('is done for those that should run, and have an address', () => {
    const found = among(
      server('a', '192.0.2.1'),
      server('not-asked', '192.0.2.2', { metadata: {} }),
      server('stopped', '192.0.2.3', { isSteady: false }),
      server('nowhere', '192.0.2.4', { host: null }),
      server('wrong', '192.0.2.5', { metadata: { 'salvor:probe': 'udp:53' } }),
      server('elsewhere', '192.0.2.6', { addresses: [{ network: 'other', address: '192.0.2.6', kind: 'fixed' }] }),
      server('floating', '192.0.2.7', { addresses: [{ network: 'net', address: '192.0.2.7', kind: 'floating' }] }),
      server('no-address', '-c1'),
      server('outside', '169.254.169.254'),
      server('local', '127.0.0.1'),
      server('both', '', {
        addresses: ['::1', '2001:db8::5'].map((address) => ({ network: 'net', address, kind: 'fixed' })),
      }),
    );
    expect(found.targets.map(({ instanceId }) => instanceId)).toEqual(['a', 'both']);
    expect(found.left.map(({ instanceId }) => instanceId)).toEqual([
      'wrong',
      'elsewhere',
      'floating',
      'no-address',
      'outside',
      'local',
    ]);
  });

  it.each(['203.0.113.0', '203.0.113.0/33', '2001:db8::/129', 'net/24', '10.0.0.0/8/8', '/8', '10.0.0.0/'])(
    'is not done in what is no range: %s',
    (range) => {
      expect(addRange(new BlockList(), range)).toBeUndefined();
    },
  );

  it('is not done at an address that two have: networks of owners may overlap', () => {
    const found = among(server('a', '10.0.0.5'), server('b', '10.0.0.5'), server('c', '10.0.0.6'));
    expect(found.targets.map(({ instanceId }) => instanceId)).toEqual(['c']);
    expect(found.left).toMatchObject([
      { instanceId: 'a' },
      { instanceId: 'b', because: expect.stringMatching('more than one') },
    ]);
  });
});
