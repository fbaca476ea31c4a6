import * as z from 'zod';
import type { Redact } from '#shared/http/redact.ts';
import { jsonOf } from '../answers.ts';

/** One message of a registry (DSP0266, "Error responses"). iLO 4 spells its id in another way, and many leave out the text. */
const messageSchema = z.looseObject({
  Message: z.string().optional(),
  MessageId: z.string().optional(),
  MessageID: z.string().optional(),
  MessageArgs: z.array(z.unknown()).optional(),
});
export const messagesSchema = z.union([z.array(messageSchema), messageSchema.transform((one) => [one])]);

const bodySchema = z.looseObject({
  error: z.looseObject({
    message: z.string().optional(),
    '@Message.ExtendedInfo': messagesSchema.optional(),
  }),
});

export type Messages = z.infer<typeof messagesSchema>;

/** What a device says in the body of an answer. */
export function messageOf(body: string, redact: Redact): string {
  const parsed = bodySchema.safeParse(jsonOf(body));
  if (!parsed.success) return redact(body) || '(no reason given)';
  const { message, '@Message.ExtendedInfo': info = [] } = parsed.data.error;
  return redact(textOf(info) || message || '(no reason given)');
}

/**
 * Whether a device does nothing for its user before the password is changed: by the message of the Base registry, whatever
 * its version (DSP0266, "Password change required handling").
 */
export function isPasswordChange(body: string): boolean {
  const parsed = bodySchema.safeParse(jsonOf(body));
  const info = parsed.data?.error['@Message.ExtendedInfo'] ?? [];
  return info.some(
    ({ MessageId: id, MessageID: oldId }) => (id ?? oldId)?.endsWith('.PasswordChangeRequired') === true,
  );
}

/** The messages as a person reads them: their texts, or else their ids with what was to be filled in. */
export const textOf = (messages: Messages): string => [...new Set(messages.map(wordsOf))].filter(Boolean).join('; ');

function wordsOf({
  Message: text,
  MessageId: id,
  MessageID: oldId,
  MessageArgs: values = [],
}: Messages[number]): string {
  if (text !== undefined && text !== '') return text;
  const name = id ?? oldId;
  if (name === undefined) return '';
  return values.length === 0 ? name : `${name} (${values.map(String).join(', ')})`;
}
