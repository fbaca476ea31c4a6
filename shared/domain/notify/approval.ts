import { createHash, createHmac, timingSafeEqual } from 'node:crypto';
import * as z from 'zod';

/**
 * What one person may have salvor do by one link, once. A link is `<payload>.<signature>`, both base64url: the payload is
 * this as JSON, the signature HMAC-SHA256 by the key of `notify.approvals` over `salvor-approval.1.<payload>`.
 */
const approvalSchema = z.strictObject({
  act: z.enum(['release', 'confirm-off']),
  incidentId: z.uuid(),
  hostKey: z.string().min(1),
  host: z.string().min(1),
  /** Of a release: these and no others. */
  gates: z.array(z.string()),
  /** By the name of `access.people`: it goes into the audit, and its role counts when the link is used. */
  person: z.string().min(1),
  /** Unix ms. */
  expiresAtMs: z.int(),
  /** The notice that carried it: two notices are two links. */
  notice: z.string(),
});
export type Approval = z.infer<typeof approvalSchema>;

/** The newest first; it signs. */
export type ApprovalKeys = readonly [string, ...string[]];

const macOf = (key: string, payload: string): Buffer =>
  createHmac('sha256', key).update(`salvor-approval.1.${payload}`).digest();

export function signApproval(approval: Approval, [key]: ApprovalKeys): string {
  const payload = Buffer.from(JSON.stringify(approval)).toString('base64url');
  return `${payload}.${macOf(key, payload).toString('base64url')}`;
}

export type ReadApproval =
  | { readonly kind: 'valid'; readonly approval: Approval; readonly commandId: string }
  | { readonly kind: 'forged' }
  | { readonly kind: 'expired' };

/** Nothing of a token is looked at before its signature is found right, in a time that tells nothing of the right one. */
export function readApproval(token: string, keys: ApprovalKeys, nowMs: number): ReadApproval {
  const [payload = '', signature = '', ...more] = token.split('.');
  const given = Buffer.from(signature, 'base64url');
  const isSigned = keys.some((key) => {
    const right = macOf(key, payload);
    return given.length === right.length && timingSafeEqual(given, right);
  });
  if (!isSigned || more.length > 0) return { kind: 'forged' };
  const parsed = approvalSchema.safeParse(JSON.parse(Buffer.from(payload, 'base64url').toString('utf8')));
  // Signed by us in a form that we do not know any more.
  if (!parsed.success) return { kind: 'expired' };
  if (parsed.data.expiresAtMs <= nowMs) return { kind: 'expired' };
  return { kind: 'valid', approval: parsed.data, commandId: commandIdOf(payload) };
}

/** A UUID of version 8 (RFC 9562): one link is one command, and salvor obeys a command once. */
function commandIdOf(payload: string): string {
  const hex = createHash('sha256').update(`salvor-approval-command.${payload}`).digest('hex');
  return `${hex.slice(0, 8)}-${hex.slice(8, 12)}-8${hex.slice(13, 16)}-8${hex.slice(17, 20)}-${hex.slice(20, 32)}`;
}
