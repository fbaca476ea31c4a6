import { availableParallelism, getPriority, loadavg, setPriority } from 'node:os';
import { setTimeout as pause } from 'node:timers/promises';
import type { Page } from 'playwright-core';
import { print } from '#cli/output.ts';
import { loadTasks } from '#shared/state/tasks.ts';
import { type Console, endOf, startConsole } from '#test/browser/console.ts';
import { buildConsole } from '../../web/build.ts';

/** Times in ms; each list is sorted. */
export interface ConsoleFigures {
  readonly small: ConsoleRun;
  readonly large: ConsoleRun;
}

interface ConsoleRun {
  /** What else the machine did: runnable processes for each core, a minute's mean, before the run. */
  readonly load: number;
  /** Nice value of all that was measured: below 0 it went before what else the machine did. */
  readonly priority: number;
  readonly hosts: number;
  readonly instances: number;
  /** From a click or a key to the paint behind it (Event Timing, in steps of 8 ms), while the incident ran. */
  readonly interactionsMs: readonly number[];
  /** From the moment at which an instance was recorded as recovered to the paint of a page that counts it. */
  readonly updatesMs: readonly number[];
  /** Tasks of the page's main thread that took longer than 50 ms, while the incident ran. */
  readonly longTasksMs: readonly number[];
}

/** Notes in the page when its text is painted, and how long each interaction took. */
const WATCH = `
  globalThis.seen = [];
  globalThis.events = new Map();
  globalThis.longTasks = [];
  new PerformanceObserver((list) => {
    for (const { interactionId, duration } of list.getEntries())
      if (interactionId > 0) events.set(interactionId, Math.max(duration, events.get(interactionId) ?? 0));
  }).observe({ type: 'event', durationThreshold: 16 });
  new PerformanceObserver((list) => longTasks.push(...list.getEntries().map(({ duration }) => duration)))
    .observe({ type: 'longtask' });
  const countNow = () => Number(/(\\d+) recovered/.exec(document.querySelector('[aria-label^="Incident of"] .counts')?.textContent ?? '')?.[1] ?? 0);
  let last = 0;
  new MutationObserver(() => requestAnimationFrame(() => {
    const count = countNow();
    if (count <= last) return;
    last = count;
    // Behind the frame that shows it.
    const channel = new MessageChannel();
    channel.port1.onmessage = () => seen.push({ count, atMs: Date.now() });
    channel.port2.postMessage(0);
  })).observe(document.body, { subtree: true, childList: true, characterData: true });
`;

/** The same on a small cloud and a large one: what is slow on both is the machine. */
export async function measureConsole(): Promise<ConsoleFigures> {
  await buildConsole();
  goFirst();
  return { small: await measureRun(20, 20), large: await measureRun(2000, 200) };
}

/** The browser is a child, and has it too. Only root may; without it the machine should do nothing else. */
function goFirst(): void {
  try {
    setPriority(-15);
  } catch {
    print('without priority: what else runs counts');
  }
}

/** One host of many dies before the open page *now*; somebody clicks about meanwhile. */
async function measureRun(hosts: number, instances: number): Promise<ConsoleRun> {
  const load = Math.round((100 * (loadavg()[0] ?? 0)) / availableParallelism()) / 100;
  const it = await startConsole({ hosts, instances, graceSeconds: 3, evacuationSeconds: 10 });
  try {
    const page = await it.open('');
    page.setDefaultTimeout(120_000);
    await page.getByRole('heading', { level: 2, name: /Nothing is down/ }).waitFor();
    await page.evaluate(WATCH);
    await it.kill('compute-1');
    await page.getByRole('button', { name: /^Show \d+ instances as a table$/ }).waitFor();
    await clickAbout(page);
    const { id } = await endOf(it, 'compute-1', 180_000);
    await pause(2000);
    return { load, priority: getPriority(), hosts, instances, ...(await figuresOf(it, page, id)) };
  } finally {
    await it.stop();
  }
}

/** What one does on the page: the table of all instances, a dialog that is thought better of, the other colours. */
async function clickAbout(page: Page): Promise<void> {
  for (let round = 0; round < 3; round += 1) {
    await page.getByRole('button', { name: /^Show \d+ instances as a table$/ }).click();
    await pause(400);
    await page.getByRole('button', { name: 'Hide the instances' }).click();
    await pause(400);
    await page.getByRole('button', { name: 'Disarm everything' }).click();
    await page.getByRole('dialog').getByRole('textbox').waitFor();
    await pause(300);
    await page.keyboard.type('no');
    await page.keyboard.press('Escape');
    await pause(300);
    await page.getByRole('button', { name: /^Switch to/ }).click();
    await pause(300);
  }
}

async function figuresOf({ stage }: Console, page: Page, id: string) {
  const { seen, events, longTasks } = (await page.evaluate('({ seen, events: [...events.values()], longTasks })')) as {
    seen: { count: number; atMs: number }[];
    events: number[];
    longTasks: number[];
  };
  const ended = (await loadTasks(stage.embedded.state, id))
    .flatMap(({ value: { progress } }) =>
      progress.status === 'ended' && progress.outcome === 'recovered' ? [progress.atMs] : [],
    )
    .sort((a, b) => a - b);
  // The page of an incident that has ended counts no more: its last instances are told by its end.
  const updates = ended.flatMap((atMs, index) => {
    const shown = seen.find(({ count }) => count > index);
    return shown === undefined ? [] : [shown.atMs - atMs];
  });
  const sorted = (values: readonly number[]): readonly number[] => values.toSorted((a, b) => a - b);
  return { interactionsMs: sorted(events), updatesMs: sorted(updates), longTasksMs: sorted(longTasks).map(Math.round) };
}

const part = (sorted: readonly number[], of: number): string =>
  sorted.length === 0 ? '–' : String(sorted[Math.ceil(of * sorted.length) - 1]);

const row = ({ hosts, instances, load, priority, interactionsMs, updatesMs, longTasksMs }: ConsoleRun): string =>
  `| ${[
    `${hosts} hosts, ${instances} instances`,
    load,
    priority,
    part(interactionsMs, 0.5),
    part(interactionsMs, 0.95),
    part(updatesMs, 0.5),
    part(updatesMs, 0.95),
    part(longTasksMs, 1),
  ].join(' | ')} |`;

/** @param on the machine, in words */
export const consolePart = (on: string, { small, large }: ConsoleFigures): readonly string[] => [
  '',
  '## The console',
  '',
  on,
  '',
  'The page *now* in Chromium, without a graphics card, while a host dies and its instances are brought back by the embedded pipeline on the same cores, with the simulated cloud beside it. Milliseconds: from a click or a key to the paint behind it (Event Timing), and from the moment at which an instance was recorded as recovered to the paint that counts it. *Load* is what else wanted to run when it began, for each core: above 1 the figures tell of that as well, and the small cloud tells how much. *Nice* below 0: it went before the rest.',
  '',
  '| cloud | load | nice | interaction, median | 95 of 100 | update, median | 95 of 100 | longest task of the page |',
  '| --- | --- | --- | --- | --- | --- | --- | --- |',
  row(small),
  row(large),
];
