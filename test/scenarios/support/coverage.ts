import { readFileSync } from 'node:fs';
import { parse } from 'yaml';
import * as z from 'zod';

/** What others' users and tests ask for: what it is, and why no scenario answers it, where none does. */
const question = z.union([z.string(), z.strictObject({ is: z.string(), notYet: z.string() })]);
const part = z.strictObject({ title: z.string(), about: z.string(), questions: z.record(z.string(), question) });

export type Part = z.infer<typeof part>;

export const readCoverage = (): readonly Part[] =>
  z.array(part).parse(parse(readFileSync(new URL('../coverage.yaml', import.meta.url), 'utf8')));
