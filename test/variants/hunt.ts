import { execFile } from 'node:child_process';
import * as z from 'zod';
import { bundleWith } from './bundle.ts';
import type { Variant } from './variant.ts';

/** Seeds that a variant is given at most. */
const SEEDS = 3000;

const found = z.object({
  broken: z.array(z.object({ seed: z.number(), violation: z.object({ id: z.string(), what: z.string() }) })),
  incidents: z.number(),
});

export interface Hunt {
  readonly name: string;
  readonly wrong: string;
  readonly room: Variant['room'];
  readonly caught: boolean;
  /** The invariant that broke first; null when none did. */
  readonly by: string | null;
  /** What was played or searched until then. */
  readonly effort: string;
  /** In a person's words. */
  readonly how: string;
}

/** Plays a variant until an invariant is broken, or searches the small world that it names. */
export async function huntVariant(variant: Variant, seeds: number = SEEDS): Promise<Hunt> {
  const { name, wrong, room, caughtBy } = variant;
  const { by, effort, how } = variant.model === undefined ? await simulate(variant, seeds) : await search(variant);
  const caught = by !== null && caughtBy.includes(by);
  return { name, wrong, room, caught, by, effort, how: caught || by === null ? how : `by the wrong invariant, ${how}` };
}

type Catch = Pick<Hunt, 'by' | 'effort' | 'how'>;

async function simulate({ patches }: Variant, seeds: number): Promise<Catch> {
  using bundle = await bundleWith('cli/simulate/main.ts', patches);
  const line = await firstLine(bundle.file, '--seeds', String(seeds), '--workers', '1');
  const { broken, incidents } = found.parse(JSON.parse(line));
  const [first] = broken;
  const effort = `${incidents} incidents`;
  if (first === undefined) return { by: null, effort, how: `no invariant broke in ${effort}` };
  const { id, what } = first.violation;
  return { by: id, effort, how: `${id} in seed ${first.seed}, after ${effort}: ${what}` };
}

async function search({ patches, model = '' }: Variant): Promise<Catch> {
  using bundle = await bundleWith('test/model/main.ts', patches);
  const [word, invariant = ''] = (await firstLine(bundle.file, '--profile', model, '--jobs', '1')).split(' ');
  const effort = `the search of ${model}`;
  return word === 'violation'
    ? { by: invariant, effort, how: `${invariant}, in ${effort}` }
    : { by: null, effort, how: `no invariant broke in ${effort}: ${word}` };
}

function firstLine(file: string, ...args: readonly string[]): Promise<string> {
  return new Promise((resolve, reject) => {
    execFile(process.execPath, [file, ...args], { maxBuffer: 64 * 1024 * 1024 }, (error, stdout, stderr) => {
      const [line] = stdout.split('\n');
      // Exit status 1 says that an invariant broke; anything without a line did not get that far.
      if (line) resolve(line);
      else reject(new Error(`the variant did not run: ${error?.message ?? ''} ${stderr}`));
    });
  });
}
