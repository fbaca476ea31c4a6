import { Button, Tooltip } from '@mantine/core';
import { useSyncExternalStore } from 'react';
import type { OperatorCommand } from '#events/operator-command.ts';
import { useMe, whyNot } from '../who.ts';

export interface AskProps {
  /** On the button. */
  readonly label: string;
  /** Where the label alone does not say of what; it begins with the label (WCAG 2.5.3). */
  readonly name?: string;
  /** What it will do, in a sentence or two, before anything is sent. */
  readonly does: string;
  /** Without its reason. */
  readonly command: { readonly type: OperatorCommand['type']; readonly [field: string]: unknown };
  readonly colour?: string;
}

let asked: AskProps | undefined;
const listeners = new Set<() => void>();

/** What a person is about to ask for; undefined: nothing. */
export function setAsked(next: AskProps | undefined): void {
  asked = next;
  for (const listener of listeners) listener();
}

const subscribe = (listener: () => void) => {
  listeners.add(listener);
  return () => listeners.delete(listener);
};
export const useAsked = (): AskProps | undefined => useSyncExternalStore(subscribe, () => asked);

/**
 * A button that says what it would do, asks for a reason, sends it, and shows what became of it. The dialog is the shell's:
 * what is asked for often ends what the button stands in, and the answer must be seen all the same.
 */
export function Ask(props: AskProps) {
  const { label, name = label, command, colour = 'blue' } = props;
  const because = whyNot(useMe(), command);
  return (
    <Tooltip label={because} disabled={because === undefined} events={{ hover: true, focus: true, touch: true }}>
      <Button
        variant="light"
        color={colour}
        size="compact-md"
        aria-label={name}
        aria-haspopup="dialog"
        // Not `disabled`: it keeps the focus, so that everybody hears why.
        {...(because === undefined
          ? { onClick: () => setAsked(props) }
          : { 'data-disabled': true, 'aria-disabled': true, 'aria-description': because })}
      >
        {label}
      </Button>
    </Tooltip>
  );
}
