/** Prints docs/cli.md, from the commands themselves: `npm run docs:cli`. */
import { referenceText } from './manual/reference.ts';
import { salvorProgram } from './program.ts';

process.stdout.write(referenceText(salvorProgram()));
