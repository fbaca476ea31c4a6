import { describe, expect, it } from 'vitest';
import { PermanentError } from '#shared/errors.ts';
import { consul } from '#shared/ingest/sources/consul.ts';
import type { ConsulSeen } from '#shared/ingest/sources/consul-networks.ts';

const NOW_MS = Date.parse('2026-11-21T12:00:00Z');
const check = (Node: string, Status = 'critical', CheckID = 'serfHealth', ModifyIndex = 8) => ({
  Node,
  CheckID,
  Status,
  ModifyIndex,
});

/** Lists of one reporter, one after the other. */
class Watch {
  seen: ConsulSeen | undefined;
  nowMs = NOW_MS;
  look(list: unknown, query: Record<string, string> = {}, afterSeconds = 10): readonly string[] {
    this.nowMs += afterSeconds * 1000;
    const { parsed, after } = consul(list, this.seen, { nowMs: this.nowMs, newId: () => 'new', query });
    // As it comes back from the store.
    if (after !== undefined) this.seen = JSON.parse(JSON.stringify(after));
    return parsed.events.map(({ type, data }) => `${type} ${data.host}`);
  }
}

describe('a list of critical checks', () => {
  it('says down of whom it names, and up of whom it names no more', () => {
    const watch = new Watch();
    expect(watch.look([check('compute-1'), check('compute-2')])).toEqual([
      'host.down compute-1',
      'host.down compute-2',
    ]);
    expect(watch.look([check('compute-2')])).toEqual(['host.up compute-1']);
    expect(watch.look([])).toEqual(['host.up compute-2']);
    expect(watch.look([])).toEqual([]);
  });

  it('says again what stays so, once a minute, whatever else changes', () => {
    const watch = new Watch();
    watch.look([check('compute-1')]);
    expect(watch.look([check('compute-1'), check('compute-2')], {}, 30)).toEqual(['host.down compute-2']);
    expect(watch.look([check('compute-1'), check('compute-2')], {}, 31)).toEqual(['host.down compute-1']);
  });

  it('says nothing of hosts whose other checks are critical', () => {
    expect(new Watch().look([check('compute-1', 'critical', 'disk')])).toEqual([]);
  });

  it('says down when every check that was named is critical', () => {
    const watch = new Watch();
    const query = { checks: 'tcp-storage, serfHealth' };
    expect(watch.look([check('compute-1')], query)).toEqual([]);
    expect(watch.look([check('compute-1'), check('compute-1', 'critical', 'tcp-storage')], query)).toEqual([
      'host.down compute-1',
    ]);
    expect(watch.look([check('compute-1')], query)).toEqual(['host.up compute-1']);
  });

  it('says nothing of a node that has left the catalog', () => {
    const watch = new Watch();
    watch.look([check('compute-1')]);
    expect(watch.look([{ Node: 'server-1' }])).toEqual([]);
    expect(watch.look([])).toEqual([]);
    expect(watch.look([{ Node: 'server-1' }, { Node: 'compute-1' }])).toEqual([]);
    expect(watch.look([])).toEqual(['host.up compute-1']);
  });

  it('is not believed when it is older than the last one', () => {
    const watch = new Watch();
    watch.look([check('compute-1')], { index: '20' });
    expect(watch.look([], { index: '19' })).toEqual([]);
    expect(watch.look([], { index: '21' })).toEqual(['host.up compute-1']);
  });

  it('is believed with an older index a minute later: Consul was restored', () => {
    const watch = new Watch();
    watch.look([check('compute-1')], { index: '20' });
    expect(watch.look([], { index: '3' }, 61)).toEqual(['host.up compute-1']);
  });

  it('has new ids when a host fails anew within a minute, and the same ones when it is sent again', () => {
    const idsOf = (index: number, seen?: ConsulSeen) =>
      consul([check('compute-1', 'critical', 'serfHealth', index)], seen, {
        nowMs: NOW_MS,
        newId: () => 'new',
        query: {},
      }).parsed.events.map(({ id }) => id);
    expect(idsOf(8)).toEqual(idsOf(8));
    expect(idsOf(8)).not.toEqual(idsOf(9));
  });

  it('may be null, as Go writes an empty one', () => {
    expect(new Watch().look(null)).toEqual([]);
  });
});

describe('a list of all checks', () => {
  it('says up only of whom it shows to pass', () => {
    const watch = new Watch();
    const others = check('server-1', 'passing');
    watch.look([check('compute-1'), others]);
    expect(watch.look([others])).toEqual([]);
    expect(watch.look([check('compute-1', 'passing'), others])).toEqual(['host.up compute-1']);
  });

  it('is one by the option too, when all in it are critical', () => {
    const watch = new Watch();
    watch.look([check('compute-1'), check('compute-2')], { state: 'any' });
    expect(watch.look([check('compute-2')], { state: 'any' })).toEqual([]);
  });
});

/** https://opendev.org/openstack/masakari-monitors, masakarimonitors/hostmonitor/consul_check/matrix_helper.py, DEFAULT_MATRIX. */
const MASAKARI = [
  ['up', 'up', 'up', []],
  ['up', 'up', 'down', ['recovery']],
  ['up', 'down', 'up', []],
  ['up', 'down', 'down', ['recovery']],
  ['down', 'up', 'up', []],
  ['down', 'up', 'down', ['recovery']],
  ['down', 'down', 'up', []],
  ['down', 'down', 'down', ['recovery']],
] as const;

describe('lists of several networks', () => {
  const networks = ['manage', 'tenant', 'storage'] as const;

  it.each(MASAKARI)("mean with manage %s, tenant %s, storage %s what Masakari's matrix says", (...row) => {
    const watch = new Watch();
    const said = networks.flatMap((network, place) =>
      watch.look(row[place] === 'down' ? [check('compute-1')] : [], { network }),
    );
    expect(said).toEqual(row[3].length > 0 ? ['host.down compute-1'] : []);
  });

  it('say up when no network is down any more', () => {
    const watch = new Watch();
    for (const network of networks) watch.look([check('compute-1')], { network });
    expect(watch.look([], { network: 'storage' })).toEqual([]);
    expect(watch.look([], { network: 'tenant' })).toEqual([]);
    expect(watch.look([], { network: 'manage' })).toEqual(['host.up compute-1']);
  });

  it('mean what the option says', () => {
    const watch = new Watch();
    const down = 'storage|manage,tenant';
    expect(watch.look([check('compute-1')], { network: 'manage', down })).toEqual([]);
    expect(watch.look([check('compute-1')], { network: 'tenant', down })).toEqual(['host.down compute-1']);
    expect(watch.look([check('compute-2')], { network: 'storage', down })).toEqual(['host.down compute-2']);
  });

  it('count for a quarter of an hour: the watch of a network may have ended', () => {
    const watch = new Watch();
    const down = 'manage,tenant';
    watch.look([check('compute-1')], { network: 'manage', down });
    expect(watch.look([check('compute-1')], { network: 'tenant', down }, 900)).toEqual([]);
  });

  it.each(['', 'storage|', 'manage,,tenant'])('are refused with the option "%s"', (down) => {
    expect(() => new Watch().look([], { network: 'storage', down })).toThrow(PermanentError);
  });
});

it.each([
  ['an object', {}],
  ['a text', 'x'],
  ['mixed', [check('compute-1'), { Node: 'compute-2' }]],
  ['a state that is none', [check('a', 'sad')]],
])('refuses %s', (_, list) => {
  expect(() => new Watch().look(list)).toThrow(PermanentError);
});

it('waits a day for the up of a host, and says no more then', () => {
  const watch = new Watch();
  const others = check('server-1', 'passing');
  watch.look([check('compute-1'), check('compute-2'), others]);
  expect(watch.look([others], {}, 86_300)).toEqual([]);
  expect(watch.look([check('compute-1', 'passing'), others])).toEqual(['host.up compute-1']);
  watch.look([others], {}, 200);
  expect(watch.look([check('compute-2', 'passing'), others])).toEqual([]);
});

it('tells of how many checks it takes no notice, and which networks are down', () => {
  const list = [check('compute-1'), check('compute-1', 'critical', 'disk'), check('compute-2', 'critical', 'disk')];
  const { parsed } = consul(list, undefined, { nowMs: NOW_MS, newId: () => 'new', query: { network: 'storage' } });
  expect(parsed.ignored).toEqual(['2 of other checks than serfHealth']);
  expect(parsed.events.map(({ data }) => data.reason)).toEqual(['its checks are critical on storage']);
});

it.each(['x', '-1', '1e99', ''])('takes the index %j for none', (index) => {
  const watch = new Watch();
  watch.look([check('compute-1')], { index });
  expect(watch.look([], { index })).toEqual(['host.up compute-1']);
});

it('refuses a ninth network', () => {
  const watch = new Watch();
  for (let network = 1; network <= 8; network += 1) watch.look([], { network: String(network) });
  expect(() => watch.look([], { network: '9' })).toThrow('more than 8 networks');
});

it('refuses names that together are more than an item of the state holds, before anything is said', () => {
  const watch = new Watch();
  const many = Array.from({ length: 900 }, (_, index) => check(`${index}-${'x'.repeat(240)}`));
  expect(() => watch.look(many)).toThrow('at most 350000 are kept');
});

it('refuses more critical hosts than an item of the state holds', () => {
  const many = Array.from({ length: 1001 }, (_, index) => check(`compute-${index}`));
  expect(() => new Watch().look(many)).toThrow('at most 1000');
});
