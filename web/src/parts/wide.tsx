import type { ReactNode } from 'react';

/** What is wider than a phone scrolls by itself, by keyboard too; the page does not. */
export function Wide({ label, children }: { readonly label: string; readonly children: ReactNode }) {
  return (
    // biome-ignore lint/a11y/noNoninteractiveTabindex: who has no pointer scrolls it by its focus (WCAG 2.1.1)
    <section className="wide" aria-label={label} tabIndex={0}>
      {children}
    </section>
  );
}
