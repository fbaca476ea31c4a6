import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { setTimeout as pause } from 'node:timers/promises';
import type { AxeResults } from 'axe-core';
import type { Browser, BrowserContext, Page } from 'playwright-core';
import { DEFAULTS, type DrillOptions } from '#cli/drill/options.ts';
import { type Stage, setStage } from '#cli/drill/stage.ts';
import { silentLog } from '#cli/output.ts';
import { type IncidentEntry, listIncidents } from '#shared/state/hosts.ts';
import { startChromium } from './chromium.ts';

export const WIDE = { width: 1440, height: 900 } as const;
export const PHONE = { width: 390, height: 844 } as const;

type Colours = 'light' | 'dark';

/** The console of a drill, and a browser before it. */
export interface Console {
  readonly stage: Stage;
  /** A page of a person who has never been here. */
  open(path: string, colours?: Colours, size?: typeof WIDE | typeof PHONE): Promise<Page>;
  /** The host dies, and each reporter says so. */
  kill(host: string): Promise<void>;
  stop(): Promise<void>;
}

export async function startConsole(options: Partial<DrillOptions> = {}): Promise<Console> {
  const stage = await setStage({ ...DEFAULTS, ...options, consolePort: 0 }, silentLog);
  const browser = await startChromium().catch(async (error) => {
    await stage.stop();
    throw error;
  });
  const contexts: BrowserContext[] = [];
  return {
    stage,
    open: async (path, colours = 'light', size = WIDE) => {
      const [context, page] = await visitor(browser, colours, size);
      contexts.push(context);
      await page.goto(new URL(path, stage.consoleUrl).href);
      return page;
    },
    kill: async (host) => {
      stage.cloud.killHost(host);
      await stage.agents.reportAll('host.down', host);
    },
    stop: async () => {
      for (const context of contexts) await context.close();
      await browser.close();
      await stage.stop();
    },
  };
}

async function visitor(browser: Browser, colorScheme: Colours, viewport: typeof WIDE | typeof PHONE) {
  const isPhone = viewport === PHONE;
  const context = await browser.newContext({ colorScheme, viewport, reducedMotion: 'reduce', hasTouch: isPhone });
  const page = await context.newPage();
  page.setDefaultTimeout(20_000);
  return [context, page] as const;
}

const AXE = readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8');

declare const axe: { run(options: object): Promise<AxeResults> };

/** What an accessibility checker finds wrong, a line each: the rule, and where. */
export async function violations(page: Page): Promise<readonly string[]> {
  // Not as a script of the page: that is what its content security policy forbids.
  await page.evaluate(AXE);
  const { violations: found } = await page.evaluate(() => axe.run({ resultTypes: ['violations'] }));
  return found.flatMap(({ id, nodes }) =>
    nodes.map(({ target, failureSummary }) => `${id} ${target}: ${failureSummary}`),
  );
}

/** How far the page is wider than what shows it; px. */
export const overflow = (page: Page): Promise<number> =>
  page.evaluate('document.documentElement.scrollWidth - document.documentElement.clientWidth');

/** Waits until something is there. */
export async function until<T>(look: () => Promise<T | undefined>, what: string, limitMs = 30_000): Promise<T> {
  const endMs = Date.now() + limitMs;
  for (;;) {
    const found = await look();
    if (found !== undefined) return found;
    if (Date.now() > endMs) throw new Error(`after ${limitMs} ms still not: ${what}`);
    await pause(100);
  }
}

/** The newest incident of a host, once it is over. */
export const endOf = ({ stage }: Console, host: string, limitMs?: number): Promise<IncidentEntry> =>
  until(
    async () => {
      const all = await Array.fromAsync(listIncidents(stage.embedded.state));
      const newest = all.findLast((each) => each.host === host);
      return newest?.closedAtMs == null ? undefined : newest;
    },
    `the end of the incident of ${host}`,
    limitMs,
  );
