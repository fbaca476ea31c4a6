import type { ReactNode } from 'react';

/** What may be wider than the page scrolls by itself, by keyboard too (WCAG 2.1.1). */
export function Scrolls({ label, children }: { readonly label: string; readonly children: ReactNode }) {
  return (
    // biome-ignore lint/a11y/noNoninteractiveTabindex: as said
    <section className="scrolls" aria-label={label} tabIndex={0}>
      {children}
    </section>
  );
}
