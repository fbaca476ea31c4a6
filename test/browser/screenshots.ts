/**
 * Pictures of the console for the docs, from drills that run: `npm run docs:screenshots` writes docs/images/ anew. Needs a
 * Chromium: /usr/bin/chromium, or the one that CHROMIUM names.
 */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { setTimeout as pause } from 'node:timers/promises';
import { type Browser, chromium, type Page } from 'playwright-core';

const ROOT = join(import.meta.dirname, '../..');
const IMAGES = join(ROOT, 'docs/images');
const SCREENS = { wide: { width: 1280, height: 800 }, phone: { width: 390, height: 844 } } as const;
const BOTH = ['light', 'dark'] as const;
const PATIENCE_MS = 120_000;
/** Of WebP; letters stay sharp. */
const QUALITY = 0.82;

/** A part of the answer of `GET /api/v1/now`. */
interface Now {
  readonly incidents: readonly {
    readonly id: string;
    readonly status: string;
    readonly counts: Readonly<Record<string, number>>;
  }[];
  readonly needs: readonly unknown[];
}

interface Drill {
  /** Of the console, with a slash at its end. */
  readonly url: string;
  until(holds: (now: Now) => boolean): Promise<Now>;
  end(): Promise<void>;
}

async function startDrill(...options: readonly string[]): Promise<Drill> {
  const child: ChildProcess = spawn(
    process.execPath,
    [join(ROOT, 'cli/salvor.mjs'), 'drill', '--console', '0', '--hosts', '12', ...options],
    { cwd: ROOT, stdio: ['ignore', 'pipe', 'inherit'] },
  );
  const exited = once(child, 'exit');
  if (child.stdout === null) throw new Error('the drill has no output');
  for await (const line of createInterface({ input: child.stdout })) {
    const url = /watch it at (\S+)/.exec(line)?.[1];
    if (url === undefined) continue;
    child.stdout.resume();
    return {
      url,
      until: async (holds) => {
        const endMs = performance.now() + PATIENCE_MS;
        while (performance.now() < endMs) {
          const now = (await (await fetch(new URL('/api/v1/now', url))).json()) as Now;
          if (holds(now)) return now;
          await pause(200);
        }
        throw new Error('the drill did not come so far in time');
      },
      end: async () => {
        child.kill('SIGTERM');
        await exited;
      },
    };
  }
  throw new Error('the drill ended before it served a console');
}

/** What the docs show of one page: on which screens, in which colours. */
interface Views {
  readonly screens: readonly (keyof typeof SCREENS)[];
  readonly schemes: readonly (typeof BOTH)[number][];
}
const EVERYWHERE: Views = { screens: ['wide', 'phone'], schemes: BOTH };
const ONCE: Views = { screens: ['wide'], schemes: ['light'] };

async function take(browser: Browser, name: string, url: string, { screens, schemes }: Views): Promise<void> {
  for (const screen of screens)
    for (const colorScheme of schemes) {
      const context = await browser.newContext({ viewport: SCREENS[screen], colorScheme, deviceScaleFactor: 1.5 });
      const page = await context.newPage();
      await page.goto(url);
      await page.locator('h1, h2').first().waitFor();
      if ((await page.locator('input[type=password]').count()) > 0) throw new Error(`${url} asks for a login`);
      // Until charts are drawn; the page itself keeps a request open for news.
      await pause(700);
      const file = join(IMAGES, `${name}-${screen}-${colorScheme}.webp`);
      writeFileSync(file, await asWebp(page, await page.screenshot({ animations: 'disabled' })));
      await context.close();
    }
}

/** Runs in the page, whose types this project does not have. */
const IN_BROWSER = `async ({ source, quality }) => {
  const image = new Image();
  image.src = source;
  await image.decode();
  const canvas = Object.assign(document.createElement('canvas'), { width: image.width, height: image.height });
  canvas.getContext('2d').drawImage(image, 0, 0);
  return canvas.toDataURL('image/webp', quality);
}`;

/** A quarter of the PNG's size. */
async function asWebp(page: Page, png: Buffer): Promise<Buffer> {
  const blank = await page.context().newPage();
  const given = JSON.stringify({ source: `data:image/png;base64,${png.toString('base64')}`, quality: QUALITY });
  const webp = await blank.evaluate<string>(`(${IN_BROWSER})(${given})`);
  await blank.close();
  return Buffer.from(webp.slice(webp.indexOf(',') + 1), 'base64');
}

/** Every page that the navigation leads to, but for the first. */
async function pagesOf(browser: Browser, url: string): Promise<readonly string[]> {
  const page = await browser.newPage();
  await page.goto(url);
  await page.locator('nav a').first().waitFor();
  const links = await page.locator('nav a').evaluateAll((all) => all.map((each) => each.getAttribute('href') ?? ''));
  await page.close();
  const base = new URL(url).pathname;
  return [...new Set(links)]
    .filter((link) => link.startsWith(base) && link !== base)
    .map((link) => link.slice(base.length));
}

const done = ({ counts }: Now['incidents'][number]): number => counts.recovered ?? 0;

rmSync(IMAGES, { recursive: true, force: true });
mkdirSync(IMAGES, { recursive: true });
const browser = await chromium.launch({
  executablePath: process.env.CHROMIUM ?? '/usr/bin/chromium',
  args: ['--no-sandbox'],
});
try {
  const recovery = await startDrill('--instances', '60', '--evacuation', '40');
  const { incidents } = await recovery.until(({ incidents: [first] }) => first?.status === 'evacuating');
  await take(browser, 'now', recovery.url, EVERYWHERE);
  await recovery.until(({ incidents: [first] }) => first === undefined || done(first) > 0);
  await take(browser, 'incident', `${recovery.url}incidents/${incidents[0]?.id}`, EVERYWHERE);
  await recovery.until(({ incidents: open }) => open.length === 0);
  for (const page of await pagesOf(browser, recovery.url)) await take(browser, page, `${recovery.url}${page}`, ONCE);
  await recovery.end();

  const stuck = await startDrill('--instances', '20', '--fault', 'bmc-dead');
  await stuck.until(({ needs }) => needs.length > 0);
  await take(browser, 'needs-you', stuck.url, EVERYWHERE);
  await stuck.end();
} finally {
  await browser.close();
}
