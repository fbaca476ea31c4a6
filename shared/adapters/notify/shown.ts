import type { OutgoingNotice } from '#shared/ports.ts';

/** A notice as a channel shows it. */
export interface ShownNotice extends Omit<OutgoingNotice, 'approve' | 'ask'> {
  /** Whoever has it can approve what is asked, in the name of the channel's person. */
  readonly approveLink: string | null;
}
