import { existsSync } from 'node:fs';
import { cp } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { CONSOLE_FOLDER } from '#shared/lambda/environment.ts';

/** Where web/build.ts puts the console. */
export const CONSOLE_FILES = fileURLToPath(new URL('../web/dist', import.meta.url));

/**
 * Puts the console beside the code of the function that serves it.
 * @throws Error when it is not built.
 */
export async function bundleConsole(folder: string): Promise<void> {
  if (!existsSync(join(CONSOLE_FILES, 'index.html'))) throw new Error('the console is not built: npm run web');
  await cp(CONSOLE_FILES, join(folder, CONSOLE_FOLDER), { recursive: true });
}
