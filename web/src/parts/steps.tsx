import { STEPS } from '../words.ts';

/** How far an incident is on its way. */
export function Steps({ at, isStuck }: { readonly at: number; readonly isStuck: boolean }) {
  return (
    <ol className="steps" aria-label="Its way">
      {STEPS.map((step, index) => (
        <li
          key={step}
          data-at={index < at ? 'done' : index > at ? 'ahead' : isStuck ? 'stuck' : 'here'}
          {...(index === at && { 'aria-current': 'step' as const })}
        >
          <span aria-hidden="true">{index < at ? '✓ ' : index > at ? '' : isStuck ? '‖ ' : '⟳ '}</span>
          {step}
        </li>
      ))}
    </ol>
  );
}
