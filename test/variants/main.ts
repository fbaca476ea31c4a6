/**
 * `npm run variants [-- NAME …]`: plays each broken variant in the simulated world until an invariant catches it, and
 * prints how soon. Exit status 1 when one gets away, or is caught by an invariant that has nothing to do with it.
 */
import { print, printJson } from '#cli/output.ts';
import { type Hunt, huntVariant } from './hunt.ts';
import { VARIANTS } from './variants.ts';

const asked = process.argv.slice(2).filter((each) => !each.startsWith('--'));
const json = process.argv.includes('--json');
const wrong = asked.find((name) => !VARIANTS.some((variant) => variant.name === name));
if (wrong !== undefined) throw new Error(`there is no variant ${wrong}`);

const hunts: Hunt[] = [];
for (const variant of VARIANTS) {
  if (asked.length > 0 && !asked.includes(variant.name)) continue;
  const hunt = await huntVariant(variant);
  hunts.push(hunt);
  if (!json) print(`${hunt.caught ? 'caught' : 'GOT AWAY'}  ${variant.name}: ${hunt.how}`);
}
if (json) printJson(hunts);
process.exitCode = hunts.every((hunt) => hunt.caught) ? 0 : 1;
