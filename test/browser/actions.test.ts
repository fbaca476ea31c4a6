/** What a person may ask for in the console, each asked for as one does it: by keyboard, with a reason, until it is done. */
import type { Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { isLeftOut, titled } from './chromium.ts';
import { type Console, endOf, startConsole, violations } from './console.ts';

let it_: Console;
let page: Page;

/** Opens the dialog of a button by keyboard, gives a reason, and waits until salvor says what became of it. */
async function ask(name: string, does: RegExp): Promise<void> {
  const button = page.getByRole('button', { name, exact: true });
  await button.focus();
  await page.keyboard.press('Enter');
  const dialog = page.getByRole('dialog', { name });
  await dialog.getByText(does).waitFor();
  const reason = dialog.getByRole('textbox', { name: 'Reason' });
  await reason.evaluate(() => undefined);
  await page.waitForFunction(() => Reflect.get(globalThis, 'document').activeElement?.tagName === 'INPUT');
  await page.keyboard.type(`drill: ${name}`);
  await page.keyboard.press('Enter');
  await dialog.getByRole('status').filter({ hasText: 'obeyed' }).waitFor();
  await page.keyboard.press('Escape');
  await dialog.waitFor({ state: 'hidden' });
}
const heading = (text: RegExp) => page.getByRole('heading', { level: 2, name: text }).waitFor();
const incidentOf = (host: string) => page.getByRole('region', { name: `Incident of ${host}` });

describe.skipIf(isLeftOut)(titled('an operator'), () => {
  // Each begins where the one before has ended.
  beforeAll(async () => {
    it_ = await startConsole({ hosts: 12, instances: 4, graceSeconds: 1, evacuationSeconds: 0.5 });
    page = await it_.open('');
    await heading(/Nothing is down/);
  });
  afterAll(() => it_?.stop());

  it('is asked for a reason, and may think better of it: then nothing is sent', async () => {
    const sent: string[] = [];
    page.on('request', (request) => request.method() === 'POST' && sent.push(request.url()));
    const button = page.getByRole('button', { name: 'Disarm everything' });
    await button.focus();
    await page.keyboard.press('Enter');
    const dialog = page.getByRole('dialog', { name: 'Disarm everything' });
    await dialog.waitFor();
    expect(await violations(page)).toEqual([]);
    // Without a reason the form is not sent.
    await page.keyboard.press('Enter');
    await page.keyboard.press('Escape');
    await dialog.waitFor({ state: 'hidden' });
    expect(await button.evaluate((element) => element === element.ownerDocument.activeElement)).toBe(true);
    expect(sent).toEqual([]);
  });

  it('disarms everything, sees a host held, and why', async () => {
    await ask('Disarm everything', /fences nobody/);
    await page.getByRole('region', { name: 'Everything is disarmed' }).getByText('drill: Disarm everything').waitFor();
    await it_.kill('compute-1');
    await heading(/1 host is in trouble, one thing needs you/);
    await incidentOf('compute-1')
      .getByText(/^.held$/)
      .waitFor();
    await page
      .getByRole('region', { name: 'Needs you' })
      .getByText(/held by armed/)
      .waitFor();
    await page.getByRole('link', { name: 'compute-1: held' }).waitFor();
    expect(await violations(page)).toEqual([]);
  });

  it('dismisses an incident', async () => {
    await ask('Dismiss: compute-1', /does nothing more about it/);
    expect(await endOf(it_, 'compute-1')).toMatchObject({ outcome: 'dismissed' });
    await heading(/Nothing is down/);
  });

  it('arms again: the next host that dies is brought back', async () => {
    await ask('Arm everything', /fences and evacuates again/);
    await it_.kill('compute-2');
    expect(await endOf(it_, 'compute-2')).toMatchObject({ outcome: 'recovered' });
    await page.getByRole('link', { name: 'compute-2: forced-down' }).waitFor();
  });

  it('releases a host that a gate holds', async () => {
    // Nova still sees it up: that is what the gate is about.
    await it_.stage.agents.reportAll('host.down', 'compute-3');
    await incidentOf('compute-3')
      .getByText(/^.held$/)
      .waitFor();
    await incidentOf('compute-3')
      .getByText(/nova-sees-it-down: /)
      .waitFor();
    await ask('Release: compute-3', /switch it off/);
    expect(await endOf(it_, 'compute-3')).toMatchObject({ outcome: 'recovered' });
  });

  it('confirms that a host is off whose device is dead', async () => {
    it_.stage.cloud.faults.set({ kind: 'bmc-dead', how: 'close', host: 'compute-4' });
    await it_.kill('compute-4');
    await page
      .getByRole('region', { name: 'Needs you' })
      .getByText(/not proven off/)
      .waitFor();
    await ask('Confirm that it is off: compute-4', /with your own eyes/);
    expect(await endOf(it_, 'compute-4')).toMatchObject({ outcome: 'recovered' });
  });

  it('disarms one segment, and arms it', async () => {
    await ask('Disarm az-nova', /no host of az-nova/);
    await page.getByRole('region', { name: 'az-nova is disarmed' }).waitFor();
    await ask('Arm az-nova', /hosts of az-nova again/);
    await page.getByRole('button', { name: 'Disarm az-nova' }).waitFor();
  });

  it('takes a host out for maintenance, and ends it', async () => {
    page = await it_.open('hosts/compute-7');
    await ask('Take it out for maintenance', /live-migrates its instances away/);
    await page.getByRole('button', { name: 'End the maintenance' }).waitFor();
    await ask('End the maintenance', /Gives compute-7 back/);
  });

  it('gives a host back', async () => {
    it_.stage.cloud.powerOn('compute-2');
    page = await it_.open('hosts/compute-2');
    await ask('Give it back', /into service again/);
  });
});
