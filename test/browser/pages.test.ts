/** Each page as somebody finds it who comes after an incident: by eye, by ear and by keyboard, on a wide screen and a phone. */
import { readFileSync } from 'node:fs';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { IncidentEntry } from '#shared/state/hosts.ts';
import { isLeftOut, titled } from './chromium.ts';
import { type Console, endOf, overflow, PHONE, startConsole, violations, WIDE } from './console.ts';

let it_: Console;
let incident: IncidentEntry;

/** Where it is, and its first heading. */
const PAGES = [
  ['now', () => '', /Nothing is down, nothing needs you/],
  ['hosts', () => 'hosts', /^Hosts$/],
  ['one host', () => 'hosts/compute-1', /^compute-1$/],
  ['an incident', () => `incidents/${incident.id}`, /^compute-1: recovered$/],
  ['history', () => 'history', /^History$/],
] as const;

describe.skipIf(isLeftOut)(titled('each page'), () => {
  beforeAll(async () => {
    it_ = await startConsole({ hosts: 6, instances: 10, graceSeconds: 1, evacuationSeconds: 0.5 });
    await it_.kill('compute-1');
    incident = await endOf(it_, 'compute-1');
  });
  afterAll(() => it_?.stop());

  describe.each(PAGES)('%s', (_, path, heading) => {
    it.each([
      ['a wide screen', WIDE],
      ['a phone', PHONE],
    ] as const)(
      'on %s, light and dark: nothing is wrong for who can not see it, and nothing is cut off',
      async (_, size) => {
        const page = await it_.open(path(), 'light', size);
        const said: string[] = [];
        page.on('console', (message) => said.push(message.text()));
        page.on('pageerror', (error) => said.push(error.message));
        await page.getByRole('heading', { level: 2, name: heading }).waitFor();
        await page.getByRole('status', { name: 'Loading' }).first().waitFor({ state: 'hidden' });
        expect(await violations(page)).toEqual([]);
        expect(await overflow(page)).toBe(0);
        await page.emulateMedia({ colorScheme: 'dark' });
        await page.locator('html[data-mantine-color-scheme="dark"]').waitFor();
        expect(await violations(page)).toEqual([]);
        expect(said).toEqual([]);
      },
    );
  });

  it('is reached by keyboard', async () => {
    const page = await it_.open('');
    await page.getByRole('heading', { level: 2, name: /Nothing is down/ }).waitFor();
    await page.keyboard.press('Tab');
    expect(await page.locator(':focus').textContent()).toBe('Skip to the page');
    await page.keyboard.press('Enter');
    expect(await page.locator(':focus').getAttribute('id')).toBe('main');
    for (const [name, heading] of [
      ['Hosts', 'Hosts'],
      ['History', 'History'],
    ] as const) {
      await page.getByRole('navigation', { name: 'Pages' }).getByRole('link', { name }).focus();
      await page.keyboard.press('Enter');
      await page.getByRole('heading', { level: 2, name: heading }).waitFor();
    }
    const first = page.getByRole('table', { name: 'Incidents' }).getByRole('link', { name: 'compute-1' });
    await first.focus();
    await page.keyboard.press('Enter');
    await page.getByRole('heading', { level: 2, name: 'compute-1: recovered' }).waitFor();
  });

  it('shows the hosts by their states, and those that one looks for', async () => {
    const page = await it_.open('hosts');
    await page.getByRole('status').filter({ hasText: '6 hosts' }).waitFor();
    await page.getByRole('textbox', { name: /^Name/ }).fill('pute-3');
    await page.getByRole('status').filter({ hasText: '1 host' }).waitFor();
    const row = page.getByRole('table', { name: 'Hosts' }).getByRole('row').nth(1);
    expect(await row.textContent()).toContain('in-service');
    await row.getByRole('link', { name: 'compute-3' }).click();
    await page.getByRole('heading', { level: 2, name: 'compute-3' }).waitFor();
  });

  it('sorts the hosts by what one asks for', async () => {
    const page = await it_.open('hosts');
    const table = page.getByRole('table', { name: 'Hosts' });
    const first = async () => (await table.getByRole('row').nth(1).getByRole('rowheader').textContent()) ?? '';
    await table.waitFor();
    expect(await first()).toBe('compute-1');
    await table.getByRole('button', { name: 'Host', exact: true }).focus();
    await page.keyboard.press('Enter');
    await page.keyboard.press('Enter');
    await table.getByRole('columnheader', { name: 'Host' }).and(page.locator('[aria-sort=descending]')).waitFor();
    expect(await first()).toBe('compute-6');
    await table.getByRole('row', { name: /compute-1 .*says down/ }).waitFor();
  });

  it('tells all of an incident', async () => {
    const page = await it_.open(`incidents/${incident.id}`);
    const table = page.getByRole('table', { name: 'Instances' });
    await table.waitFor();
    expect(await table.getByRole('row').count()).toBe(1 + 11);
    expect(await table.getByRole('row', { name: /^opted-out.*not-protected/ }).count()).toBe(1);
    await page
      .getByRole('region', { name: /^The course of .*, to scale$/ })
      .getByText(/^Fencing/)
      .waitFor();
    await page.getByRole('button', { name: /^Gates: \d+ open, 0 closed$/ }).focus();
    await page.keyboard.press('Enter');
    await page.getByRole('row', { name: /^✓? ?open nova-sees-it-down/ }).waitFor();
    await page.getByRole('button', { name: 'Proof that it is off: power-off-read-back' }).click();
    await page.getByText('off since').waitFor();
    await page.getByText('The audit log is whole').waitFor();
    const record = page.getByRole('list', { name: 'Records' }).getByText('fence proof: its own device');
    await record.click();
    await page.getByText('"type": "proof-made"').waitFor();
    expect(await violations(page)).toEqual([]);
  });

  it('decides an incident again under another policy', async () => {
    const page = await it_.open(`incidents/${incident.id}`);
    await page.getByRole('button', { name: 'Replay under another policy' }).click();
    const policy = page.getByRole('textbox', { name: 'Policy', exact: true });
    await policy.fill('version: 9');
    await page.getByRole('button', { name: 'Decide again' }).click();
    await page.getByRole('alert').filter({ hasText: 'the policy is wrong' }).waitFor();
    const { segments, ...rest } = it_.stage.policy;
    await policy.fill(JSON.stringify({ ...rest, segments: segments.map((each) => ({ ...each, graceSeconds: 60 })) }));
    await page.getByRole('button', { name: 'Decide again' }).click();
    await page
      .getByRole('region', { name: 'Where it would have led' })
      .getByText(/would have been fenced/)
      .waitFor();
    expect(await violations(page)).toEqual([]);
  });

  it('exports the history that is asked for', async () => {
    const page = await it_.open('history');
    await page
      .getByRole('status')
      .filter({ hasText: /^1 incident, in 1 of which/ })
      .waitFor();
    await page.locator('.trend canvas').waitFor();
    const saved = async (name: string) => {
      const download = page.waitForEvent('download');
      await page.getByRole('button', { name }).click();
      return readFileSync(await (await download).path(), 'utf8');
    };
    expect((await saved('Export CSV')).split('\r\n')).toHaveLength(3);
    expect(JSON.parse(await saved('Export JSON'))).toMatchObject([
      { id: incident.id, took: { fencedMs: expect.any(Number) } },
    ]);
    await page.getByRole('textbox', { name: 'Host' }).fill('nowhere');
    await page.getByRole('status').filter({ hasText: '0 incidents' }).waitFor();
    expect((await saved('Export CSV')).split('\r\n')).toHaveLength(2);
  });

  it('says so where there is none', async () => {
    const page = await it_.open('nowhere');
    await page.getByText('There is no such page').waitFor();
    await page.goto(new URL('incidents/00000000-0000-4000-8000-000000000000', it_.stage.consoleUrl).href);
    await page.getByRole('alert').filter({ hasText: 'there is no such incident' }).waitFor();
  });
});
