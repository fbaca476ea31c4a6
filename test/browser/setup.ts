import { buildConsole } from '../../web/build.ts';

/** What is driven is what is served: the console as it is built from the sources that are there. */
export async function setup(): Promise<void> {
  await buildConsole();
}
