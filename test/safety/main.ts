/**
 * `npm run safety [-- simulation model variants soak localstack mutation]`: runs the checks, and writes what they print into
 * docs/safety.json and the figures of docs/safety.md. With SAFETY_VARIANTS="NAME …" those variants alone are hunted anew. `localstack` takes the figures
 * of the last `npm run test:localstack`, `mutation` those of the last `npm run mutate`.
 */
import { execFileSync, spawnSync } from 'node:child_process';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { cpus } from 'node:os';
import { print } from '#cli/output.ts';
import { VARIANTS } from '../variants/variants.ts';
import { localstack, model, mutation, type Results, results, simulation, soak, variants } from './figures.ts';
import { section } from './section.ts';

const RESULTS = 'docs/safety.json';
const PAGE = 'docs/safety.md';
const FIGURES = /(<!-- figures: npm run safety -->\n)[\s\S]*(<!-- end of figures -->)/;

const json = (file: string): unknown => JSON.parse(readFileSync(file, 'utf8'));

/** A check that finds something broken exits with 1 and prints its figures all the same. */
function run(...command: readonly string[]): string {
  const [program = '', ...args] = command;
  const { stdout, error } = spawnSync(program, args, {
    encoding: 'utf8',
    maxBuffer: 2 ** 28,
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  if (error !== undefined) throw error;
  return stdout;
}

/** Only these variants, and the others as they were: all of them take an hour. */
const ANEW = process.env.SAFETY_VARIANTS?.split(' ') ?? [];
const hunted = (...names: readonly string[]) =>
  variants.parse(JSON.parse(run('node', 'test/variants/main.ts', '--json', ...names)));
const withAnew = (anew: ReturnType<typeof hunted>) => {
  const known = new Map(all.variants?.figures.map((figure) => [figure.name, figure]));
  for (const figure of anew) known.set(figure.name, { ...figure, at: machine.commit });
  return VARIANTS.flatMap(({ name }) => known.get(name) ?? []);
};

const SEEDS = process.env.SAFETY_SEEDS ?? '4000';
const MEASURE = {
  simulation: () => simulation.parse(JSON.parse(run('node', 'cli/salvor.mjs', 'simulate', '--seeds', SEEDS, '--json'))),
  model: () => model.parse(JSON.parse(run('node', 'test/model/main.ts', '--json'))),
  variants: () => (ANEW.length === 0 ? hunted() : withAnew(hunted(...ANEW))),
  soak: () => {
    run('node', 'test/soak/main.ts');
    return soak.parse(json('.salvor/soak.json'));
  },
  localstack: () => localstack.parse(json('.salvor/soak-localstack.json')),
  mutation: () => mutation.parse(json('docs/mutation.json')),
} as const;
type Name = keyof typeof MEASURE;
const NAMES = Object.keys(MEASURE) as Name[];

const asked = process.argv.slice(2);
const wrong = asked.find((name) => !(NAMES as string[]).includes(name));
if (wrong !== undefined) throw new Error(`there is no check ${wrong}; there are ${NAMES.join(', ')}`);
const machine = {
  cores: cpus().length,
  date: new Date().toISOString().slice(0, 10),
  commit: execFileSync('git', ['rev-parse', '--short', 'HEAD'], { encoding: 'utf8' }).trim(),
};
let all: Results = existsSync(RESULTS) ? results.parse(json(RESULTS)) : {};
for (const name of NAMES) {
  if (asked.length > 0 && !asked.includes(name)) continue;
  print(`${name} …`);
  const of = name === 'variants' && ANEW.length > 0 ? (all.variants?.machine ?? machine) : machine;
  all = { ...all, [name]: { machine: of, figures: MEASURE[name]() } };
  writeFileSync(RESULTS, `${JSON.stringify(all, null, 2)}\n`);
  writeFileSync(
    PAGE,
    readFileSync(PAGE, 'utf8').replace(FIGURES, (_, start, end) => `${start}\n${section(all)}\n\n${end}`),
  );
}
