import { segmentDefaults } from '../policy.ts';
import type { ReturnRules } from './checks.ts';

/** The keys of the segment; for a host that none holds, what a segment has that says nothing. */
export const defaultsOf = ({ segment }: Pick<ReturnRules, 'segment'>) => segment ?? segmentDefaults;
