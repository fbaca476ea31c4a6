import { domain, shell } from './patches.ts';
import type { Variant } from './variant.ts';

/** Hosts that come back, or are worked on, in a wrong way. */
export const BROKEN_RETURNS: readonly Variant[] = [
  {
    name: 'powered-on-amid-evacuations',
    wrong: 'A host is switched on while evacuations from it run: nobody asks whether they have ended.',
    room: 'domain',
    patches: [
      domain('return/checks.ts', '  if (running > 0) return check(', '  if (running < 0) return check('),
      domain(
        'return/checks.ts',
        "  return check('evacuations-ended', sinceMs >= settleMs, because);",
        "  return check('evacuations-ended', true, because);",
      ),
    ],
    caughtBy: ['S1', 'S6'],
  },
  {
    name: 'power-on-before-commit',
    wrong: 'A host is switched on before the intent is committed.',
    room: 'shell',
    patches: [
      shell(
        'return/look-return.ts',
        "  const writes = decision.do === 'commit' ? [] : unchanged;",
        "  const writes = decision.do === 'commit' ? [] : unchanged;\n  if (decision.do === 'power-on') await ladder?.powerOn(decision.level, async () => undefined);",
      ),
    ],
    caughtBy: ['A1', 'S1'],
  },
  {
    name: 'enables-what-others-disabled',
    wrong: 'The end of a return enables the service whoever has disabled it.',
    room: 'domain',
    patches: [
      domain(
        'return/decide-return.ts',
        "  return ours?.disabled !== undefined && status === 'disabled' && disabledReason === ours.disabled\n",
        "  return status === 'disabled' && disabledReason !== undefined\n",
      ),
    ],
    caughtBy: ['S6'],
  },
];
