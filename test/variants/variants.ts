import { BROKEN_ADAPTERS } from './broken-adapters.ts';
import { BROKEN_DOMAIN } from './broken-domain.ts';
import { BROKEN_ENDS } from './broken-ends.ts';
import { BROKEN_GATES } from './broken-gates.ts';
import { BROKEN_GUARDS } from './broken-guards.ts';
import { BROKEN_PROOFS } from './broken-proofs.ts';
import { BROKEN_RETURNS } from './broken-returns.ts';
import { BROKEN_SHELL } from './broken-shell.ts';
import type { Variant } from './variant.ts';

export const VARIANTS: readonly Variant[] = [
  ...BROKEN_DOMAIN,
  ...BROKEN_ENDS,
  ...BROKEN_GATES,
  ...BROKEN_GUARDS,
  ...BROKEN_PROOFS,
  ...BROKEN_RETURNS,
  ...BROKEN_SHELL,
  ...BROKEN_ADAPTERS,
];
