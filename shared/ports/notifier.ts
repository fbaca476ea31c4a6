import type { Approval } from '../domain/notify/approval.ts';
import type { Notice } from '../domain/notify/notice.ts';
import type { Channel, Heartbeat } from '../domain/policy-notify.ts';

/** What a channel's other end has said. The text is ours, or theirs without secrets: it may be logged and stored. */
export type Told =
  | {
      readonly kind: 'taken';
      readonly detail: string;
      /** Whom it did not reach all the same, and why; nobody where it is left out. It is not sent again: the others have it. */
      readonly missed?: string;
    }
  | {
      readonly kind: 'failed';
      readonly detail: string;
      /** It would say the same to this very notice again. */
      readonly isRefusal: boolean;
      /** When it wants to be asked again, where it has said so. */
      readonly retryAfterSeconds?: number;
    };

export interface OutgoingNotice extends Notice {
  /** Where people can look at it; null where the policy has no `notify.consoleUrl`. */
  readonly link: string | null;
  /** For a link by which its reader can approve what is asked: what, signed by the key of which secret, and where it leads. */
  readonly approve: { readonly approval: Approval; readonly key: string; readonly base: string } | null;
}

/** Tells people, by whatever channel. Receivers tell a repeat by the notice's id, as far as their kind can. */
export interface Notifier {
  /** Tries once, for ten seconds at most. Never rejects. */
  tell(channel: Channel, notice: OutgoingNotice): Promise<Told>;
  /** Says that salvor is alive. The same. */
  beat(heartbeat: Heartbeat): Promise<Told>;
}
