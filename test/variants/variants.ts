import { BROKEN_DOMAIN } from './broken-domain.ts';
import { BROKEN_SHELL } from './broken-shell.ts';
import type { Variant } from './variant.ts';

export const VARIANTS: readonly Variant[] = [...BROKEN_DOMAIN, ...BROKEN_SHELL];
