import { execFile } from 'node:child_process';
import { dirname } from 'node:path';
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

/** Plays a variant until an invariant is broken, or searches the small world or runs the drill that it names. */
export async function huntVariant(variant: Variant, seeds: number = SEEDS): Promise<Hunt> {
  const { name, wrong, room, caughtBy } = variant;
  const { by, effort, how } = await (variant.drill !== undefined
    ? drill(variant, variant.drill)
    : variant.model !== undefined
      ? search(variant)
      : simulate(variant, seeds));
  const caught = by !== null && caughtBy.includes(by);
  return { name, wrong, room, caught, by, effort, how: caught || by === null ? how : `by the wrong invariant, ${how}` };
}

type Catch = Pick<Hunt, 'by' | 'effort' | 'how'>;

async function simulate({ patches, among }: Variant, seeds: number): Promise<Catch> {
  using bundle = await bundleWith('cli/simulate/main.ts', patches);
  const printed = await outputOf(
    bundle.file,
    '--seeds',
    String(seeds),
    '--workers',
    '1',
    ...(among === undefined ? [] : ['--among', among]),
  );
  const { broken, incidents } = found.parse(JSON.parse(firstLine(printed)));
  const [first] = broken;
  const effort = `${incidents} incidents${among === undefined ? '' : ` of seeds with ${among}`}`;
  if (first === undefined) return { by: null, effort, how: `no invariant broke in ${effort}` };
  const { id, what } = first.violation;
  return { by: id, effort, how: `${id} in seed ${first.seed}, after ${effort}: ${what}` };
}

async function search({ patches, model = '' }: Variant): Promise<Catch> {
  using bundle = await bundleWith('test/model/main.ts', patches);
  const printed = await outputOf(bundle.file, '--profile', model, '--jobs', '1');
  const [word, invariant = ''] = firstLine(printed).split(' ');
  const effort = `the search of ${model}`;
  return word === 'violation'
    ? { by: invariant, effort, how: `${invariant}, in ${effort}` }
    : { by: null, effort, how: `no invariant broke in ${effort}: ${word}` };
}

const verdicts = z.object({ verdicts: z.array(z.object({ rule: z.string(), broken: z.array(z.string()) })) });

async function drill({ patches, caughtBy }: Variant, fault: string): Promise<Catch> {
  using bundle = await bundleWith('test/variants/drill.ts', patches);
  const printed = await outputOf(bundle.file, fault);
  const broken = verdicts.parse(JSON.parse(printed)).verdicts.filter((verdict) => verdict.broken.length > 0);
  const effort = `a drill with ${fault}`;
  const first = broken.find(({ rule }) => caughtBy.includes(rule)) ?? broken[0];
  if (first === undefined) return { by: null, effort, how: `no rule broke in ${effort}` };
  return { by: first.rule, effort, how: `${first.rule}, in ${effort}: ${first.broken[0]}` };
}

const firstLine = (printed: string): string => printed.split('\n')[0] ?? '';

/** Whatever it leaves behind is left beside it. */
function outputOf(file: string, ...args: readonly string[]): Promise<string> {
  const options = { maxBuffer: 64 * 1024 * 1024, cwd: dirname(file) };
  return new Promise((resolve, reject) => {
    execFile(process.execPath, [file, ...args], options, (error, stdout, stderr) => {
      // Exit status 1 says that an invariant broke; what prints nothing did not get that far.
      if (stdout !== '') resolve(stdout);
      else reject(new Error(`the variant did not run: ${error?.message ?? ''} ${stderr}`));
    });
  });
}
