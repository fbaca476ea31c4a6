import { createHmac, timingSafeEqual } from 'node:crypto';

/**
 * How salvor and a webhook sign what they say to each other (docs/fencing.md, "Webhook"). The header is
 *
 *     salvor-signature: t=1767225600,v1=<64 hexadecimal digits>[,v1=<64 hexadecimal digits>]
 *
 * `t` is the time in seconds since 1970; `v1` is HMAC-SHA256 by the key as it stands in the secret, over a text that
 * begins with who speaks, so that neither can be given back as the other's word:
 *
 *     the request:  salvor-request.<t>.<body>
 *     the answer:   salvor-answer.<t>.<requestId of the request>.<body>
 *
 * The request has a `v1` by each key; one that is right is enough, for both.
 */
export const SIGNATURE_HEADER = 'salvor-signature';

export type Keys = readonly [string, ...string[]];

export function signRequest(keys: Keys, atSeconds: number, body: string): string {
  const signatures = keys.map((key) => `v1=${hmac(key, `salvor-request.${atSeconds}.${body}`).toString('hex')}`);
  return [`t=${atSeconds}`, ...signatures].join(',');
}

/** Whether an answer is that of one who has a key, to this very request. */
export function isAnswerSigned(keys: Keys, header: string | undefined, requestId: string, body: string): boolean {
  const fields = (header ?? '').split(',').map((field) => field.trim());
  const at = fields.find((field) => /^t=\d{1,12}$/.test(field))?.slice(2);
  const given = fields.flatMap((field) =>
    /^v1=[0-9a-f]{64}$/.test(field) ? [Buffer.from(field.slice(3), 'hex')] : [],
  );
  if (at === undefined) return false;
  const right = keys.map((key) => hmac(key, `salvor-answer.${at}.${requestId}.${body}`));
  return given.some((signature) => right.some((wanted) => timingSafeEqual(signature, wanted)));
}

const hmac = (key: string, text: string): Buffer => createHmac('sha256', key).update(text).digest();
