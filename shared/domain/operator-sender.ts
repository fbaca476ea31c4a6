import type { OperatorCommand } from '#events/operator-command.ts';
import type { Segment } from './policy.ts';
import type { TrustedSenders } from './reporter.ts';

/** SQS names whoever signed a request: this is whom it does not name. They are all one. */
const UNNAMED = 'a sender that SQS does not name';

/**
 * Who has sent a command, apart from the name that it gives itself. On AWS the principal whose signature SQS has checked
 * (`SenderId`). At one site any program of the machine can send: then the login as the command line found it, which a person
 * who means harm can write as well as the name. Null where nobody is told from another.
 */
export function senderOfCommand(
  command: OperatorCommand,
  senderId: string | undefined,
  trusted: TrustedSenders,
): string | null {
  if (trusted === 'everybody') return command.type === 'confirm-off' ? (command.login ?? null) : null;
  if (senderId === undefined) return UNNAMED;
  return trusted.principals.includes(principalOf(senderId)) ? null : senderId;
}

/**
 * What two senders must differ in to be two people. Whoever may take on a role names the session as they like: its sessions
 * are one person, unless the policy says that the role's trust policy has the name for each (`sts:RoleSessionName`, or IAM
 * Identity Center, which writes it itself).
 */
export function personOf(sender: string, { confirmOff }: Segment['fencing']): string {
  const principal = principalOf(sender);
  return confirmOff.sessionRoles.includes(principal) ? sender : principal;
}

/** `AIDA…` of a user, `AROA…:session` of a role (IAM User Guide, "Unique identifiers"). */
const principalOf = (senderId: string): string => senderId.split(':')[0] ?? '';
