import { execFile } from 'node:child_process';
import * as z from 'zod';
import { bundleWith } from './bundle.ts';
import type { Variant } from './variants.ts';

const ENTRY = 'cli/simulate/main.ts';
/** Seeds that a variant is given at most. */
const SEEDS = 3000;

const found = z.object({
  broken: z.array(z.object({ seed: z.number(), violation: z.object({ id: z.string(), what: z.string() }) })),
  seeds: z.number(),
  incidents: z.number(),
});

export interface Hunt {
  readonly name: string;
  readonly wrong: string;
  readonly room: Variant['room'];
  readonly caught: boolean;
  /** The invariant that broke first; null when none did. */
  readonly by: string | null;
  readonly incidents: number;
  /** In a person's words. */
  readonly how: string;
}

/** Plays a variant until an invariant is broken. */
export async function huntVariant(
  { name, wrong, room, patches, caughtBy }: Variant,
  seeds: number = SEEDS,
): Promise<Hunt> {
  using bundle = await bundleWith(ENTRY, patches);
  const { broken, incidents } = found.parse(JSON.parse(await firstLine(bundle.file, seeds)));
  const [first] = broken;
  if (first === undefined)
    return {
      name,
      wrong,
      room,
      caught: false,
      by: null,
      incidents,
      how: `no invariant broke in ${incidents} incidents`,
    };
  const { id, what } = first.violation;
  const caught = caughtBy.includes(id);
  const how = `${id} in seed ${first.seed}, after ${incidents} incidents: ${what}`;
  return { name, wrong, room, caught, by: id, incidents, how: caught ? how : `by the wrong invariant, ${how}` };
}

function firstLine(file: string, seeds: number): Promise<string> {
  return new Promise((resolve, reject) => {
    execFile(
      process.execPath,
      [file, '--seeds', String(seeds), '--workers', '1'],
      { maxBuffer: 64 * 1024 * 1024 },
      (error, stdout, stderr) => {
        const [line] = stdout.split('\n');
        // Exit status 1 says that an invariant broke; anything without a line did not get that far.
        if (line) resolve(line);
        else reject(new Error(`the variant did not run: ${error?.message ?? ''} ${stderr}`));
      },
    );
  });
}
