/**
 * `npm run variants [-- NAME … --share 1/2 --json]`: plays each broken variant in the simulated world until an invariant catches it,
 * or searches a small world for it, and prints how soon. Exit status 1 when one gets away, or is caught by an invariant that has nothing to do with it.
 */
import { availableParallelism } from 'node:os';
import { parseArgs } from 'node:util';
import { print, printJson } from '#cli/output.ts';
import { shareOf } from '#test/support/share.ts';
import { type Hunt, huntVariant } from './hunt.ts';
import { VARIANTS } from './variants.ts';

const { values, positionals: asked } = parseArgs({
  options: { json: { type: 'boolean', default: false }, share: { type: 'string', default: '1/1' } },
  allowPositionals: true,
});
const { json } = values;
const strange = asked.filter((name) => !VARIANTS.some((variant) => variant.name === name));
if (strange.length > 0) {
  process.stderr.write(`no variant ${strange.join(', ')}; there are ${VARIANTS.map(({ name }) => name).join(', ')}\n`);
  process.exit(2);
}

const waiting = [
  ...shareOf(
    VARIANTS.filter(({ name }) => asked.length === 0 || asked.includes(name)),
    values.share,
  ),
];
const hunts: Hunt[] = [];
const hunting = Array.from({ length: availableParallelism() }, async () => {
  for (let variant = waiting.shift(); variant !== undefined; variant = waiting.shift()) {
    const hunt = await huntVariant(variant);
    hunts.push(hunt);
    if (!json) print(`${hunt.caught ? 'caught' : 'GOT AWAY'}  ${hunt.name}: ${hunt.how}`);
  }
});
await Promise.all(hunting);
if (json) printJson(VARIANTS.flatMap(({ name }) => hunts.filter((hunt) => hunt.name === name)));
process.exitCode = hunts.every((hunt) => hunt.caught) ? 0 : 1;
