import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { HostEvent } from '#events/host-event.ts';
import { mirrorInventory } from '#functions/mirror-inventory.ts';
import { receiveHostEvent } from '#functions/receive-host-event.ts';
import { countingDownClaims } from '#shared/domain/reports.ts';
import { PermanentError } from '#shared/errors.ts';
import { MAPPERS } from '#shared/ingest/sources/all.ts';
import { hostName, meant, type SourceContext } from '#shared/ingest/sources/source.ts';
import { loadHost } from '#shared/state/hosts.ts';
import { aPolicy, HOST_KEY, iso, NOW_MS, seconds } from '#test/support/builders.ts';
import { aRecord, type FakeServices, fakeServices } from '#test/support/fakes.ts';

const context = (query: Record<string, string> = {}, nowMs = NOW_MS): SourceContext => ({
  nowMs,
  newId: () => 'new',
  query,
});
const say = (source: string, body: unknown, query: Record<string, string> = {}, nowMs = NOW_MS) => {
  const parsed = MAPPERS[source]?.(body, context(query, nowMs));
  if (parsed === undefined) throw new Error(`there is no ${source}`);
  return parsed;
};
const words = (source: string, body: unknown, query: Record<string, string> = {}) =>
  say(source, body, query).events.map(({ type, data }) => `${type} ${data.host}`);

describe('the name of a host', () => {
  it.each([
    ['compute-1', 'compute-1'],
    ['compute-1:9100', 'compute-1'],
    ['compute-1.example.org:9100', 'compute-1.example.org'],
    ['https://compute-1:9100/metrics?x=1', 'compute-1'],
    ['192.0.2.1:9100', '192.0.2.1'],
    ['[2001:db8::1]:9100', '2001:db8::1'],
    ['2001:db8::1', '2001:db8::1'],
    [' compute-1 ', 'compute-1'],
    ['', undefined],
    ['https://', undefined],
    [undefined, undefined],
    ['x'.repeat(256), undefined],
  ])('of %j is %j', (text, name) => {
    expect(hostName(text)).toBe(name);
  });
});

describe('a name that means a dead host', () => {
  it.each([
    ['HostDown', undefined, true],
    ['hostdown', undefined, true],
    ['HostDownSoon', undefined, false],
    ['NodeDown', 'Other', false],
    ['Other', 'NodeDown, Other', true],
    ['Rack 4: host unreachable', '*unreachable', true],
    ['unreachable rack', '*unreachable', false],
    ['unreachable rack', 'unreachable*', true],
    ['one unreachable rack', '*unreachable*', true],
    ['HostXDown', 'Host*Down', true],
    ['HostXDownSoon', 'Host*Down', false],
    ['Linux: Unavailable by ICMP ping on x', 'linux*ping*', true],
    ['Rack.4', 'rack?4', false],
    ['anything', '*', true],
    ['anything', '', false],
    ['anything', ',', false],
  ])('%j by the option %j: %j', (name, option, is) => {
    expect(meant(name, option, ['HostDown', 'NodeDown'])).toBe(is);
  });
});

const alert = (more: object = {}, labels: object = {}) => ({
  status: 'firing',
  labels: { alertname: 'HostDown', instance: 'compute-1:9100', ...labels },
  startsAt: iso(NOW_MS - seconds(30)),
  fingerprint: 'f1',
  ...more,
});
const alertmanager = (...alerts: readonly object[]) => ({ version: '4', receiver: 'salvor', alerts });

describe('Alertmanager', () => {
  it.each([
    ['hostname', { hostname: 'a', host: 'b', node: 'c' }, 'a'],
    ['host', { host: 'b', node: 'c' }, 'b'],
    ['node', { node: 'c' }, 'c'],
    ['instance', {}, 'compute-1'],
    ['the next, when one is empty', { hostname: '', host: 'b' }, 'b'],
  ])('names the host by its label: %s', (_, labels, host) => {
    expect(words('alertmanager', alertmanager(alert({}, labels)))).toEqual([`host.down ${host}`]);
  });

  it.each([
    ['a label that says so', {}, { alertname: 'Whatever', salvor: 'host.down' }, ['host.down compute-1']],
    ['a label that says something else', {}, { salvor: 'nothing' }, []],
    ['an option', { alerts: 'Whatever' }, { alertname: 'Whatever' }, ['host.down compute-1']],
    ['neither', {}, { alertname: 'DiskFull' }, []],
    ['no host', {}, { instance: '' }, []],
  ])('means a dead host by %s', (_, query, labels, says) => {
    expect(words('alertmanager', alertmanager(alert({}, labels)), query)).toEqual(says);
  });

  it('says up when it was resolved, unless that is said to mean nothing', () => {
    const resolved = alertmanager(alert({ status: 'resolved', endsAt: iso(NOW_MS - seconds(10)) }));
    expect(say('alertmanager', resolved).events).toMatchObject([{ type: 'host.up', time: iso(NOW_MS - seconds(10)) }]);
    expect(words('alertmanager', resolved, { resolved: 'ignored' })).toEqual([]);
  });

  it('is told as a repeat within a minute, and as said again in the next', () => {
    const old = alertmanager(alert({ startsAt: iso(NOW_MS - seconds(3600)) }));
    const at = (afterSeconds: number) => say('alertmanager', old, {}, NOW_MS + seconds(afterSeconds)).events[0];
    expect(at(59)).toEqual(at(0));
    expect(at(60)?.id).not.toBe(at(0)?.id);
    expect(Date.parse(at(60)?.time ?? '')).toBe(NOW_MS);
  });

  it('that said firing late does not outlive its own end', () => {
    const start = { startsAt: iso(NOW_MS - seconds(600)) };
    const late = say('alertmanager', alertmanager(alert(start)), {}, NOW_MS + seconds(50)).events[0];
    const end = say('alertmanager', alertmanager(alert({ ...start, status: 'resolved', endsAt: iso(NOW_MS) })))
      .events[0];
    expect(Date.parse(end?.time ?? '')).toBeGreaterThan(Date.parse(late?.time ?? ''));
  });
});

describe('Grafana', () => {
  const notification = (more: object, labels: object = {}) => ({
    version: '1',
    orgId: 1,
    receiver: 'salvor',
    alerts: [alert(more, labels)],
  });

  it('says nothing of a rule that was not evaluated, whatever is chosen', () => {
    for (const alertname of ['DatasourceNoData', 'DatasourceError'])
      expect(words('grafana', notification({}, { alertname }), { alerts: '*' })).toEqual([]);
    expect(words('grafana', notification({}, { alertname: 'Other' }), { alerts: '*' })).toEqual([
      'host.down compute-1',
    ]);
  });

  it('says why, with what the rule says of it', () => {
    const reasons = [{ summary: 'a', description: 'b' }, { description: 'b' }, {}, null].map(
      (annotations) => say('grafana', notification({ annotations })).events[0]?.data.reason,
    );
    expect(reasons).toEqual(['HostDown: a', 'HostDown: b', 'HostDown', 'HostDown']);
  });

  it('has just seen an end that it does not date', () => {
    expect(say('grafana', notification({ status: 'resolved', endsAt: null })).events).toMatchObject([
      { type: 'host.up', time: iso(NOW_MS) },
    ]);
  });
});

describe('an alert that fires for an hour', () => {
  const policy = aPolicy({}, { graceSeconds: 30 });
  let services: FakeServices;

  beforeEach(async () => {
    services = fakeServices(policy);
    await mirrorInventory(services);
  });
  afterEach(() => services.state.close());

  async function hear(events: readonly HostEvent[]): Promise<void> {
    const records = events.map((event) =>
      aRecord({ ...event, reporter: 'alertmanager' }, { sentAtMs: services.clock.now() }),
    );
    expect(await receiveHostEvent.handle(services, records)).toEqual([]);
  }
  const counting = async () =>
    countingDownClaims((await loadHost(services.state, HOST_KEY))?.value.claims ?? {}, 900, services.clock.now());

  it.each([
    [300, true],
    [780, true],
    [4 * 3600, false],
  ])('counts all the time, said again every %i s: %j', async (repeatSeconds, expected) => {
    const body = alertmanager(alert({ startsAt: iso(NOW_MS) }));
    const counted: boolean[] = [];
    for (let at = 30; at <= 3600; at += 30) {
      services.clock.nowMs = NOW_MS + seconds(at);
      if ((at - 30) % repeatSeconds === 0) await hear(say('alertmanager', body, {}, services.clock.nowMs).events);
      counted.push((await counting()).length === 1);
    }
    expect(counted.every((each) => each)).toBe(expected);
    expect(counted[0]).toBe(true);
  });
});

describe('Zabbix', () => {
  const problem = { event_id: '1', event_value: '1', event_name: 'Unavailable by ICMP ping', host_name: 'compute-1' };
  it.each([
    ['a problem', {}, ['host.down compute-1']],
    ['a recovery', { event_value: '0' }, ['host.up compute-1']],
    ['a number', { event_value: 1 }, ['host.down compute-1']],
    ['an update by a person', { event_update_status: '1' }, []],
    ['a macro that was not expanded', { host_name: '{HOST.NAME}' }, []],
    ['an unknown host', { host_name: '*UNKNOWN*' }, []],
    ['another trigger', { event_name: 'Free disk space is less than 20%' }, []],
    ['no value', { event_value: null }, []],
    ["the host's technical name before the visible one", { host_host: 'compute-2' }, ['host.down compute-2']],
  ])('says of %s', (_, more, says) => {
    expect(words('zabbix', { ...problem, ...more })).toEqual(says);
  });

  it('needs an id', () => {
    expect(() => say('zabbix', { ...problem, event_id: undefined })).toThrow(PermanentError);
  });
});

describe('Nagios', () => {
  const down = {
    NAGIOS_HOSTNAME: 'compute-1',
    NAGIOS_HOSTSTATE: 'DOWN',
    NAGIOS_HOSTSTATETYPE: 'HARD',
    NAGIOS_TIMET: '1795262400',
  };
  it.each([
    ['hard down', {}, ['host.down compute-1']],
    ['soft down', { NAGIOS_HOSTSTATETYPE: 'SOFT' }, []],
    ['unreachable', { NAGIOS_HOSTSTATE: 'UNREACHABLE' }, []],
    ['down in a downtime', { NAGIOS_HOSTDOWNTIME: '1' }, []],
    ['up in a downtime', { NAGIOS_HOSTSTATE: 'UP', NAGIOS_HOSTDOWNTIME: '1' }, ['host.up compute-1']],
    ['a problem notification', { NAGIOS_NOTIFICATIONTYPE: 'PROBLEM' }, ['host.down compute-1']],
    ['an acknowledgement', { NAGIOS_NOTIFICATIONTYPE: 'ACKNOWLEDGEMENT' }, []],
    ['a macro without a value', { NAGIOS_NOTIFICATIONTYPE: '$' }, ['host.down compute-1']],
    [
      'a service of a host that is down',
      { NAGIOS_SERVICEDESC: 'x', NAGIOS_SERVICESTATE: 'WARNING', NAGIOS_SERVICESTATETYPE: 'HARD' },
      [],
    ],
    [
      'a service that runs again, in a downtime too',
      { NAGIOS_SERVICEDESC: 'x', NAGIOS_SERVICESTATE: 'OK', NAGIOS_SERVICESTATETYPE: 'HARD', NAGIOS_HOSTDOWNTIME: '1' },
      ['process.up compute-1'],
    ],
    [
      'a service that may run again',
      { NAGIOS_SERVICEDESC: 'x', NAGIOS_SERVICESTATE: 'OK', NAGIOS_SERVICESTATETYPE: 'SOFT' },
      [],
    ],
  ])('says of %s', (_, more, says) => {
    expect(words('nagios', { ...down, ...more })).toEqual(says);
  });

  it('was seen now, when it does not say when', () => {
    for (const NAGIOS_TIMET of [undefined, '', 'soon'])
      expect(say('nagios', { ...down, NAGIOS_TIMET }).events).toMatchObject([{ time: iso(NOW_MS) }]);
  });

  it('needs a host with a name', () => {
    expect(() => say('nagios', { ...down, NAGIOS_HOSTNAME: undefined })).toThrow(PermanentError);
    expect(words('nagios', { ...down, NAGIOS_HOSTNAME: ':5666' })).toEqual([]);
  });

  it('is understood with the prefix of Icinga, and without one', () => {
    for (const prefix of ['ICINGA_', '']) {
      const body = Object.fromEntries(
        Object.entries(down).map(([key, value]) => [key.replace('NAGIOS_', prefix), value]),
      );
      expect(say('nagios', body).events).toMatchObject([{ type: 'host.down', time: '2026-11-21T12:00:00.000Z' }]);
    }
  });
});

describe('Pacemaker', () => {
  const lost = {
    CRM_alert_kind: 'node',
    CRM_alert_node: 'compute-1',
    CRM_alert_desc: 'lost',
    CRM_alert_timestamp_epoch: '1795262400',
  };
  const fencing = { CRM_alert_kind: 'fencing', CRM_alert_node: 'compute-1', CRM_alert_rc: '0' };
  const failed = {
    ...lost,
    CRM_alert_kind: 'resource',
    CRM_alert_rsc: 'vip',
    CRM_alert_task: 'monitor',
    CRM_alert_rc: '7',
    CRM_alert_target_rc: '0',
  };
  it.each([
    ['a lost node', lost, ['host.down compute-1']],
    ['a lost node, by a partition without quorum', { ...lost, SALVOR_QUORATE: '0' }, []],
    ['a fencing', { ...fencing, CRM_alert_desc: 'Operation off of compute-1 by n1: OK' }, ['host.down compute-1']],
    ['a fencing that switches on', { ...fencing, CRM_alert_desc: 'Operation on of compute-1 by n1: OK' }, []],
    [
      'a fencing that failed',
      { ...fencing, CRM_alert_rc: '1', CRM_alert_desc: 'Operation off of compute-1 by n1: Timer expired' },
      [],
    ],
    ['a resource that does what it should', { ...failed, CRM_alert_rc: '0' }, []],
    ['a failure of no resource', { ...failed, CRM_alert_rsc: '' }, []],
    ['a node in another state', { ...lost, CRM_alert_desc: 'pending' }, []],
    ['no node', { ...lost, CRM_alert_node: '' }, []],
    ['a failed resource', failed, ['process.down compute-1']],
    ['a probe of a resource', { ...failed, CRM_alert_interval: '0' }, []],
    ['a cancelled operation', { ...failed, CRM_alert_status: '1' }, []],
    ['an attribute', { ...lost, CRM_alert_kind: 'attribute' }, []],
  ])('says of %s', (_, body, says) => {
    expect(words('pacemaker', body)).toEqual(says);
  });

  it('says the same of two nodes under two ids, since each may be the one that is heard', () => {
    const ids = ['n1', 'n2'].map((node) => say('pacemaker', { ...lost, SALVOR_SENDER: node }).events[0]?.id);
    expect(new Set(ids).size).toBe(2);
  });
});

describe('Redfish', () => {
  const off = { EventId: '1', EventTimestamp: iso(NOW_MS), MessageId: 'ResourceEvent.1.3.0.ResourcePoweredOff' };
  const of = (event: object, more: object = {}) => ({ '@odata.type': '#Event.v1_7_0.Event', Events: [event], ...more });
  it.each([
    ['the power of the system', of(off), { host: 'compute-1' }, ['host.down compute-1']],
    ['a host that the Context names', of(off, { Context: 'compute-2' }), {}, ['host.down compute-2']],
    ['no host', of(off), {}, []],
    [
      'the power of a drive',
      of({ ...off, OriginOfCondition: { '@odata.id': '/redfish/v1/Systems/1/Storage/1/Drives/3' } }),
      { host: 'c' },
      [],
    ],
    [
      'the power of a chassis, named by a text',
      of({ ...off, OriginOfCondition: '/redfish/v1/Chassis/1' }),
      { host: 'c' },
      [],
    ],
    ['power that is on again', of({ ...off, MessageId: 'ResourceEvent.1.3.0.ResourcePoweredOn' }), { host: 'c' }, []],
    [
      'a message of the option',
      of({ ...off, MessageId: 'OEM.1.0.Dead' }),
      { host: 'c', messages: 'Dead' },
      ['host.down c'],
    ],
    ['a time that is none', of({ ...off, EventTimestamp: 'yesterday' }), { host: 'c' }, []],
  ])('says of %s', (_, body, query, says) => {
    expect(words('redfish', body, query)).toEqual(says);
  });
});

it('a Redfish event without a time was seen now, and one without an id is a new one', () => {
  const events = [{ MessageId: 'SYS1001' }, { MessageID: 'SYS1001', EventID: '7', OriginOfCondition: null }];
  const parsed = say('redfish', { '@odata.type': '#Event.v1_0_0.Event', Events: events }, { host: 'compute-1' });
  expect(parsed.events.map(({ id, time }) => [id, time])).toEqual([
    ['new', iso(NOW_MS)],
    [`compute-1/7/SYS1001/${NOW_MS}`, iso(NOW_MS)],
  ]);
});

describe('systemd', () => {
  const failure = { host: 'compute-1', unit: 'nova-compute.service', time: '2026-11-21T13:00:00+01:00' };

  it('says that a unit has failed, even when it does not say why', () => {
    expect(say('systemd', failure).events).toMatchObject([
      {
        time: '2026-11-21T12:00:00.000Z',
        data: { process: 'nova-compute', reason: 'nova-compute.service has failed: systemd does not say why' },
      },
    ]);
    const reason = say('systemd', { ...failure, MONITOR_EXIT_CODE: 'killed' }).events[0]?.data.reason;
    expect(reason).toBe('nova-compute.service has failed: systemd does not say why (killed)');
  });

  it('says nothing of no host', () => {
    expect(say('systemd', { ...failure, host: ':1' })).toEqual({
      events: [],
      ignored: ['unit nova-compute.service has failed on no host'],
    });
  });
});

describe('what is longer than an event takes', () => {
  it('is cut, and ids that differ at either end stay different', () => {
    const ids = ['a', 'b'].map((end) => {
      const body = alertmanager(
        alert({ fingerprint: `${end}${'x'.repeat(127)}`, annotations: { summary: 'y'.repeat(3000) } }),
      );
      const [event] = say('alertmanager', { ...body, receiver: 'r'.repeat(255) }).events;
      expect(event?.data.reason).toHaveLength(1024);
      return event?.id;
    });
    expect(new Set(ids).size).toBe(2);
    const long = {
      CRM_alert_kind: 'node',
      CRM_alert_node: 'c'.repeat(255),
      CRM_alert_desc: 'lost',
      SALVOR_SENDER: 's'.repeat(255),
    };
    expect(say('pacemaker', long).events[0]?.id).toHaveLength(251);
  });

  it.each(['0001-01-01T00:00:00Z', '1969-12-31T23:59:59Z'])('and a time that is none is refused: %s', (startsAt) => {
    const nowMs = Date.parse(startsAt) + 1;
    expect(() => say('alertmanager', alertmanager(alert({ startsAt })), {}, nowMs)).toThrow(
      'a time of the body is not one',
    );
  });
});

describe('Aodh', () => {
  const alarm = {
    alarm_id: 'a1',
    alarm_name: 'down',
    previous: 'ok',
    current: 'alarm',
    reason: 'because',
    reason_data: {},
  };
  it.each([
    ['a host of the option', alarm, { host: 'compute-1' }, ['host.down compute-1']],
    ['no host', alarm, {}, []],
    [
      'a trait',
      { ...alarm, reason_data: { event: { traits: [['host', 1, 'compute-2']] } } },
      {},
      ['host.down compute-2'],
    ],
    ['too little data', { ...alarm, current: 'insufficient data' }, { host: 'compute-1' }, []],
  ])('says of %s', (_, body, query, says) => {
    expect(words('aodh', body, query)).toEqual(says);
  });
});
