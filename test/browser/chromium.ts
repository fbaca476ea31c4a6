import { existsSync } from 'node:fs';
import { type Browser, chromium } from 'playwright-core';

const FILE = ['/usr/bin/chromium', '/usr/bin/chromium-browser', '/usr/bin/google-chrome'].find((each) =>
  existsSync(each),
);
const HOW = 'there is no Chromium: test/browser/install.sh installs it';

/** Where there is no browser the tests are left out; in CI they fail. */
export const isLeftOut = FILE === undefined && process.env.CI === undefined;

/** The title of a suite, which says why it is left out if it is. */
export const titled = (title: string): string => (isLeftOut ? `${title}, left out: ${HOW}` : title);

/** @throws Error where there is none, with what to do. */
export async function startChromium(): Promise<Browser> {
  if (FILE === undefined) throw new Error(HOW);
  // As root, and in containers, its sandbox does not start; it sees nothing but what this machine serves.
  return chromium.launch({ executablePath: FILE, args: ['--no-sandbox'] });
}
