/** What changes is seen without a reload, whoever looks, and by one request that waits. How fast: `npm run bench -- console`. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { print } from '#cli/output.ts';
import { isLeftOut, titled } from './chromium.ts';
import { type Console, endOf, startConsole } from './console.ts';

let it_: Console;

describe.skipIf(isLeftOut)(titled('a page that is left open'), () => {
  beforeAll(async () => {
    it_ = await startConsole({ hosts: 8, instances: 8, graceSeconds: 1, evacuationSeconds: 1 });
  });
  afterAll(() => it_?.stop());

  it('follows an incident from the first report to the end, and asks for no more than it must', async () => {
    const page = await it_.open('');
    await page.getByRole('heading', { level: 2, name: /Nothing is down/ }).waitFor();
    const asked: string[] = [];
    page.on('request', (request) => asked.push(new URL(request.url()).pathname));
    const startedMs = Date.now();
    await it_.kill('compute-1');
    await page.getByRole('link', { name: 'compute-1: suspected' }).waitFor();
    const seenMs = Date.now();
    await page.getByRole('link', { name: 'compute-1: recovering' }).waitFor();
    await page
      .getByRole('region', { name: 'Incident of compute-1' })
      .getByText(/^.\d+ evacuating$/)
      .waitFor();
    const { openedAtMs } = await endOf(it_, 'compute-1');
    await page
      .getByRole('region', { name: 'Ended within a day' })
      .getByText(/^.recovered$/)
      .waitFor();
    await page.getByRole('heading', { level: 2, name: /Nothing is down/ }).waitFor();
    print(`from the incident to the page: ${seenMs - openedAtMs} ms`);
    expect(new Set(asked)).toEqual(new Set(['/api/v1/now']));
    // One at a time, each answered when there is news.
    expect(asked.length).toBeLessThan(5 + (Date.now() - startedMs) / 200);
  });

  it('says so when there is no news, and goes on when there is', async () => {
    const page = await it_.open('');
    await page.getByRole('heading', { level: 2, name: /Nothing is down/ }).waitFor();
    await page.context().setOffline(true);
    await it_.kill('compute-2');
    await page.getByRole('alert').filter({ hasText: 'No news' }).waitFor({ timeout: 60_000 });
    await page.context().setOffline(false);
    await page.getByRole('link', { name: 'compute-2: forced-down' }).waitFor({ timeout: 40_000 });
    await page.getByRole('alert').filter({ hasText: 'No news' }).waitFor({ state: 'hidden' });
  });
});
