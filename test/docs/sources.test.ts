import { existsSync } from 'node:fs';
import { createContext, runInContext } from 'node:vm';
import { describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import { MAPPERS } from '#shared/ingest/sources/all.ts';
import { consul } from '#shared/ingest/sources/consul.ts';
import { zabbix } from '#shared/ingest/sources/zabbix.ts';
import { captured } from '../ingest/sources/captured.ts';
import { ROOT, readPage, tableWith } from './markdown.ts';
import { connectionOf, connections } from './sources-config.ts';

const page = readPage('docs/sources.md');
const rows = tableWith(page, 'typical delay');
/** The source of a webhook, by the title of its section. */
const SOURCE_OF: Readonly<Record<string, string>> = {
  Alertmanager: 'alertmanager',
  Aodh: 'aodh',
  Consul: 'consul',
  Grafana: 'grafana',
  'Icinga 2': 'nagios',
  'Nagios, Naemon': 'nagios',
  Pacemaker: 'pacemaker',
  'Redfish events': 'redfish',
  'systemd: heartbeat and OnFailure': 'systemd',
  Zabbix: 'zabbix',
};

/** Without the link. */
const nameIn = (cell: string): string => /^\[([^\]]+)\]/.exec(cell)?.[1] ?? cell;

describe('the table of sources', () => {
  it.each(rows.map((row) => [row.source ?? '', row['held by'] ?? ''] as const))('%s is held by %s', (_, test) => {
    expect(existsSync(new URL(test, ROOT))).toBe(true);
  });

  it('says of each source of a webhook whether its payloads were captured, or written by hand', () => {
    const isWritten = (source: string) =>
      captured
        .filter((each) => each.source === source)
        .every(({ command }) => command.startsWith('none: written from'));
    const titles = Object.keys(SOURCE_OF);
    const seenOf = (title: string) => rows.find(({ source = '' }) => title.startsWith(nameIn(source)))?.seen;
    expect(titles.map((title) => [title, seenOf(title) === 'written'])).toEqual(
      titles.map((title) => [title, isWritten(SOURCE_OF[title] ?? '')]),
    );
  });

  it.each(rows.map((row) => [row.source ?? '', row] as const))(
    '%s is called real only where the program runs',
    (_, row) => {
      expect(['real', 'captured', 'written']).toContain(row.seen);
      const runs = /^test\/(agents|openstack|infra\/probe|docs\/examples)/.test(row['held by'] ?? '');
      expect(row.seen === 'real').toBe(runs);
    },
  );

  it('says of each source of a webhook how to connect it', () => {
    const connected = new Set(connections.map(({ title }) => SOURCE_OF[title]));
    expect(connected).toEqual(new Set(Object.keys({ ...MAPPERS, consul })));
  });

  it('has a captured or documented payload for each', () => {
    expect(new Set(captured.map(({ source }) => source))).toEqual(new Set(Object.values(SOURCE_OF)));
  });

  it.each(connections.map(({ title, text }) => [title, text] as const))(
    'connects %s in five lines at most',
    (_, text) => {
      const lines = text.split('\n').filter((line) => line.trim() !== '' && !/^\s*#|^}$/.test(line));
      expect(lines.length).toBeLessThanOrEqual(5);
    },
  );

  it('names the path of each webhook that a program calls by itself', () => {
    for (const { title, text } of connections)
      for (const [, source] of text.matchAll(/\/v1\/webhooks\/([a-z]+)/g)) expect(source).toBe(SOURCE_OF[title]);
  });
});

describe('what a program is told', () => {
  it('is YAML for Alertmanager and Grafana', () => {
    expect(parse(connectionOf('Alertmanager')).route.routes[0]).toMatchObject({
      receiver: 'salvor',
      repeat_interval: '5m',
    });
    expect(parse(connectionOf('Grafana')).contactPoints[0].receivers[0].type).toBe('webhook');
  });

  it('is JSON for Consul', () => {
    const [, watch = ''] = connectionOf('Consul').split('\n');
    expect(JSON.parse(watch).watches).toMatchObject([{ type: 'checks', state: 'critical' }]);
  });

  it.each([
    ['1', '0', ['host.down compute-1']],
    ['0', '0', ['host.up compute-1']],
    ['1', '1', []],
  ])(
    'is a script for Zabbix that sends what is read: event_value %s, event_update_status %s',
    (value, status, says) => {
      const headers: string[] = [];
      let sent: unknown;
      class HttpRequest {
        addHeader = (header: string): number => headers.push(header);
        getStatus = (): number => 202;
        post(url: string, body: string): void {
          expect(url).toBe('https://salvor.example:15868/v1/webhooks/zabbix');
          sent = JSON.parse(body);
        }
      }
      const parameters = { event_id: '1', event_value: value, event_update_status: status, host_host: 'compute-1' };
      const named = { ...parameters, token: 'secret', event_name: 'Linux: Zabbix agent is not available (for 3m)' };
      const context = createContext({ HttpRequest, value: JSON.stringify(named) });
      expect(runInContext(`(function () { ${connectionOf('Zabbix')} })()`, context)).toBe('OK');
      expect(headers).toContain('Authorization: Bearer secret');
      expect(JSON.stringify(sent)).not.toContain('secret');
      const { events } = zabbix(sent, { nowMs: Date.now(), newId: () => 'new', query: {} });
      expect(events.map(({ type, data }) => `${type} ${data.host}`)).toEqual(says);
    },
  );
});
