/** The pages that look: capacity and what-if, policy, reporters, health; by eye, by ear and by keyboard, wide and on a phone. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { stringify } from 'yaml';
import type { Policy } from '#shared/domain/policy.ts';
import { isLeftOut, titled } from './chromium.ts';
import { type Console, endOf, overflow, PHONE, startConsole, violations, WIDE } from './console.ts';

let it_: Console;

/** Where it is, its first heading, and what is there once all of it is. */
const PAGES = [
  ['what if', 'what-if?hosts=compute-2', /^Capacity and what-if$/, /A forecast, no promise/],
  ['policy', 'policy', /^Policy$/, /The audit names it/],
  ['reporters', 'reporters', /^Reporters$/, /^Of which hosts$/],
  ['health', 'health', /^Health of salvor$/, /^What needs doing$/],
] as const;

describe.skipIf(isLeftOut)(titled('each page that looks'), () => {
  beforeAll(async () => {
    it_ = await startConsole({ hosts: 6, instances: 8, graceSeconds: 1, evacuationSeconds: 0.5 });
    await it_.kill('compute-1');
    await endOf(it_, 'compute-1');
  });
  afterAll(() => it_?.stop());

  const changed = (change: (policy: Policy) => Policy): string =>
    stringify(change(it_.stage.policy), { aliasDuplicateObjects: false });

  describe.each(PAGES)('%s', (_, path, heading, whole) => {
    it.each([
      ['light', 'a wide screen', WIDE],
      ['dark', 'a wide screen', WIDE],
      ['light', 'a phone', PHONE],
      ['dark', 'a phone', PHONE],
    ] as const)(
      '%s, on %s: nothing is wrong for who can not see it, and nothing is cut off',
      async (colours, __, size) => {
        const page = await it_.open(path, colours, size);
        await page.getByRole('heading', { level: 2, name: heading }).waitFor();
        await page.getByText(whole).first().waitFor();
        expect(await violations(page)).toEqual([]);
        expect(await overflow(page)).toBe(0);
      },
    );

    it('is reached by its address alone, and says nothing to the log of the browser', async () => {
      const page = await it_.open('');
      const said: string[] = [];
      page.on('console', (message) => said.push(message.text()));
      page.on('pageerror', (error) => said.push(error.message));
      await page.goto(new URL(path, it_.stage.consoleUrl).href);
      await page.getByText(whole).first().waitFor();
      expect(said).toEqual([]);
    });
  });

  it('are reached by keyboard', async () => {
    const page = await it_.open('');
    await page.getByRole('heading', { level: 2 }).first().waitFor();
    for (const [name, heading] of [
      ['What if', 'Capacity and what-if'],
      ['Policy', 'Policy'],
      ['Reporters', 'Reporters'],
      ['Health', 'Health of salvor'],
    ] as const) {
      await page.getByRole('navigation', { name: 'Pages' }).getByRole('link', { name, exact: true }).focus();
      await page.keyboard.press('Enter');
      await page.getByRole('heading', { level: 2, name: heading, exact: true }).waitFor();
    }
  });

  it('tell what a failure would come to, and by an address that can be sent on', async () => {
    const page = await it_.open('what-if');
    const field = page.getByRole('combobox', { name: 'Hosts that fail together' });
    await field.focus();
    await page.keyboard.type('compute-3');
    await page.keyboard.press('ArrowDown');
    await page.keyboard.press('Enter');
    await page.keyboard.press('Escape');
    await page.getByRole('button', { name: 'See what would happen' }).press('Enter');
    const verdict = page.getByRole('status').filter({ hasText: /^If compute-3 failed now: \d+ of \d+ protected inst/ });
    await verdict.waitFor();
    await page.getByText(/compute-3 would be fenced, and evacuated from/).waitFor();
    const rows = page.getByRole('table', { name: 'Instances' }).getByRole('row');
    expect(await rows.nth(1).textContent()).toMatch(/compute-3.*comes-back.*compute-\d.*up after [\d.]+ s/);
    const sentOn = await it_.open(page.url());
    await sentOn
      .getByRole('status')
      .filter({ hasText: /^If compute-3 failed now/ })
      .waitFor();
  });

  it('tell why a whole zone would not be fenced', async () => {
    const page = await it_.open('what-if');
    await page.getByRole('radiogroup', { name: 'What fails' }).getByText('Zone').click();
    await page.getByRole('combobox', { name: 'Zone' }).click();
    await page.getByRole('option', { name: 'nova' }).click();
    await page.getByRole('checkbox', { name: /^Ask Nova now/ }).check();
    await page.getByRole('button', { name: 'See what would happen' }).click();
    await page.getByText(/would NOT be fenced/).waitFor();
    await page.getByText(/^segment-storm: it would be host \d of at most 3/).waitFor();
    const stays = page.getByRole('combobox', { name: 'Outcome' });
    await stays.click();
    await page.getByRole('option', { name: 'not protected' }).click();
    await page.getByRole('status').filter({ hasText: '1 instance.' }).waitFor();
    await page.goto(new URL('what-if?hosts=nobody&live=', it_.stage.consoleUrl).href);
    await page.getByRole('alert').filter({ hasText: 'no host nobody is known' }).waitFor();
  });

  it('show the policy part by part, and lead to each', async () => {
    const page = await it_.open('policy');
    const outline = page.getByRole('navigation', { name: 'Parts of the policy' });
    await outline.getByRole('link', { name: 'segment az-nova' }).press('Enter');
    const part = page.getByRole('region', { name: 'segment az-nova as YAML' });
    await part.filter({ hasText: 'graceSeconds: 1' }).waitFor();
    expect(await part.textContent()).not.toContain('minHealthyHosts');
    await page.getByText('With all defaults').click();
    await part.filter({ hasText: 'minHealthyHosts: 3' }).waitFor();
  });

  it('check a policy that is pasted, line by line, and compare it', async () => {
    const page = await it_.open('policy');
    const field = page.getByRole('textbox', { name: 'Policy, YAML or JSON' });
    const submit = page.getByRole('button', { name: 'Check and compare' });
    expect(await submit.isDisabled()).toBe(true);
    await field.fill(changed((policy) => policy).replace('graceSeconds', 'graceSecond'));
    await submit.press('Enter');
    await page.getByText('salvor would not start with it: 1 fault').waitFor();
    await page.getByRole('button', { name: /^line \d+$/ }).press('Enter');
    const at = 'document.activeElement';
    const chosen = await page.evaluate(`${at}.value.slice(${at}.selectionStart, ${at}.selectionEnd)`);
    expect(chosen).toMatch(/name: az-nova/);
    await field.fill(
      changed((policy) => ({
        ...policy,
        segments: policy.segments.map((segment) => ({ ...segment, graceSeconds: 0, minHealthyHosts: 5 })),
      })),
    );
    await submit.press('Enter');
    await page.getByText(/^2 changes against the one in force, 1 of them with fewer guards/).waitFor();
    const changes = page.getByRole('region', { name: 'segment az-nova', exact: true }).getByRole('listitem');
    expect(await changes.allTextContents()).toEqual([
      expect.stringMatching(/graceSeconds: 1 → 0.*fewer guards: a host is fenced 1 s sooner/),
      expect.stringMatching(/minHealthyHosts: 3 → 5.*more guards: more healthy hosts/),
    ]);
    await field.fill(changed((policy) => policy));
    await submit.press('Enter');
    await page.getByText(/^It changes nothing/).waitFor();
  });

  it('show who reports, and of which hosts nobody was heard', async () => {
    const page = await it_.open('reporters');
    const reporters = page.getByRole('table', { name: 'Reporters' });
    await reporters
      .getByRole('row')
      .filter({ hasText: /^\/agents\/consul1–compute-1/ })
      .waitFor();
    await page.getByRole('checkbox', { name: 'Only those with too few' }).check();
    await page.getByRole('status').filter({ hasText: '5 hosts' }).waitFor();
    await page.getByRole('textbox', { name: 'Host' }).fill('compute-4');
    await page.getByRole('status').filter({ hasText: '1 host' }).waitFor();
    await page.getByRole('table', { name: 'Coverage' }).getByRole('link', { name: 'compute-4' }).click();
    await page.getByRole('heading', { level: 2, name: 'compute-4' }).waitFor();
  });

  it('show how each part of salvor is, what to do, its queues, and whether its log is whole', async () => {
    const page = await it_.open('health');
    await page
      .getByRole('listitem')
      .filter({ hasText: /^Is salvor at work\?.*well: wellits last beat \d+ s ago/ })
      .waitFor();
    await page.getByText(/Do: read the sentence against what you mean/).waitFor();
    const queue = page.getByRole('table', { name: 'Queues' }).getByRole('row').filter({ hasText: 'evacuate-instance' });
    expect(await queue.textContent()).toMatch(/none$/);
    await page.getByRole('button', { name: 'Verify the whole log' }).press('Enter');
    await page.getByText(/The log is whole: \d+ records/).waitFor();
  });
});
