/** What is shipped for Prometheus, in Prometheus itself: promtool, and a server that scrapes salvor while a host dies. */
import { execFile } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { fetch } from 'undici';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { parse, stringify } from 'yaml';
import { DEFAULTS } from '#cli/drill/options.ts';
import { type Stage, setStage } from '#cli/drill/stage.ts';
import { silentLog } from '#cli/output.ts';
import { codeBlocksOf, readPage } from '../docs/markdown.ts';
import { freePort } from './free-port.ts';
import { describeWith, missingPrograms, type Running, run } from './program.ts';
import { ALERTS, type Series, WELL } from './prometheus-alerts.ts';

const ran = promisify(execFile);
const RULES = fileURLToPath(new URL('../../docs/monitoring/alerts.rules.yml', import.meta.url));
const { groups } = parse(readFileSync(RULES, 'utf8')) as { groups: { rules: { alert: string }[] }[] };
const names = groups.flatMap(({ rules }) => rules.map(({ alert }) => alert));

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'salvor-prometheus-'));
});
afterEach(() => rmSync(folder, { recursive: true }));

describeWith('promtool', missingPrograms('promtool'), () => {
  /** @throws Error with what promtool says, where other alerts ring after 70 minutes. */
  async function expectToRing(series: Series, alerts: readonly string[]): Promise<void> {
    const file = join(folder, 'test.yml');
    const rung = {
      expr: 'count by (alertname) (ALERTS{alertstate="firing"})',
      eval_time: '70m',
      exp_samples: alerts.map((alertname) => ({ labels: `{alertname="${alertname}"}`, value: 1 })),
    };
    const input_series = Object.entries(series).map(([name, values]) => ({ series: name, values }));
    const tests = [{ interval: '1m', input_series, promql_expr_test: [rung] }];
    writeFileSync(file, stringify({ rule_files: [RULES], evaluation_interval: '1m', tests }));
    await ran('promtool', ['test', 'rules', file]);
  }

  it('takes the rules', async () => {
    const { stdout } = await ran('promtool', ['check', 'rules', RULES]);
    expect(stdout).toContain(`SUCCESS: ${names.length} rules found`);
  });

  it('lets no alert ring while all is well', () => expectToRing(WELL, []));

  it('would tell if an alert did not ring', async () => {
    await expect(expectToRing(WELL, ['SalvorGone'])).rejects.toThrow();
  });

  it('has each alert tried', () => expect(Object.keys(ALERTS)).toEqual(names));

  describe.each(Object.entries(ALERTS))('%s', (alert, series) => {
    it('rings, and no other does', () => expectToRing({ ...WELL, ...series }, [alert]));
  });
});

describeWith('Prometheus', missingPrograms('prometheus'), () => {
  let stage: Stage;
  let prometheus: Running;
  let api: string;

  beforeEach(async () => {
    stage = await setStage(
      { ...DEFAULTS, hosts: 4, instances: 3, graceSeconds: 5, evacuationSeconds: 8, consolePort: 0 },
      silentLog,
    );
    const block = codeBlocksOf(readPage('docs/monitoring.md')).find(({ text }) => text.startsWith('scrape_configs'));
    const { scrape_configs } = parse(block?.text ?? '') as { scrape_configs: { authorization: object }[] };
    // From the same machine, without `access`: as the page has it, but for the token and the pace.
    const [{ authorization: _, ...shown }] = scrape_configs as [{ authorization: object }];
    const config = join(folder, 'prometheus.yml');
    const targets = [{ targets: [new URL(stage.consoleUrl ?? '').host] }];
    writeFileSync(
      config,
      stringify({
        global: { evaluation_interval: '1s' },
        rule_files: [RULES],
        scrape_configs: [{ ...shown, scrape_interval: '1s', scrape_timeout: '1s', static_configs: targets }],
      }),
    );
    const listen = `127.0.0.1:${await freePort()}`;
    prometheus = run('prometheus', [
      `--config.file=${config}`,
      `--storage.tsdb.path=${join(folder, 'data')}`,
      `--web.listen-address=${listen}`,
    ]);
    api = `http://${listen}/api/v1`;
  });
  afterEach(async () => {
    await prometheus.stop();
    await stage.stop();
  });

  const asked = async (path: string): Promise<unknown> => {
    try {
      return ((await (await fetch(`${api}/${path}`)).json()) as { data: unknown }).data;
    } catch {
      return undefined;
    }
  };
  /** Of a query with one answer. */
  const value = async (query: string): Promise<number | undefined> => {
    const data = (await asked(`query?query=${encodeURIComponent(query)}`)) as { result: { value: [number, string] }[] };
    return data?.result[0] && Number(data.result[0].value[1]);
  };
  const PATIENCE = { timeout: 60_000, interval: 200 };

  it('scrapes it, sees a recovery, and an alert begins when it is gone', async () => {
    await expect.poll(() => value('up{job="salvor"}'), PATIENCE).toBe(1);
    await expect.poll(() => value('salvor_alive'), PATIENCE).toBe(1);
    stage.cloud.killHost('compute-1');
    await stage.agents.reportAll('host.down', 'compute-1');
    await expect.poll(() => value('max_over_time(sum(salvor_incidents_open)[1m:1s])'), PATIENCE).toBe(1);
    await expect.poll(() => value('sum(salvor_incidents_total{outcome="recovered"})'), PATIENCE).toBe(1);

    const { groups } = (await asked('rules')) as { groups: { rules: { name: string; health: string }[] }[] };
    expect(groups.flatMap(({ rules }) => rules.map(({ name, health }) => [name, health]))).toEqual(
      names.map((name) => [name, 'ok']),
    );
    expect(await value('sum(ALERTS{alertstate="firing"}) or vector(0)')).toBe(0);
    await stage.stop();
    await expect.poll(() => value('ALERTS{alertname="SalvorGone",alertstate="pending"}'), PATIENCE).toBe(1);
  });
});
