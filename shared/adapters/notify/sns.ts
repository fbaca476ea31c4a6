import { createHash } from 'node:crypto';
import { PublishCommand, SNSClient } from '@aws-sdk/client-sns';
import type { Told } from '#shared/ports.ts';
import type { ShownNotice } from './shown.ts';

const TIMEOUT_MS = 10_000;
/** Of an e-mail's subject (API reference, Publish): ASCII, no line breaks. */
const SUBJECT_LENGTH = 100;

/** What will be so next time, until somebody mends it; but the message itself is none of it. */
const REFUSED = ['InvalidParameterException', 'InvalidParameterValueException', 'ValidationException'];

/**
 * Publishes to a topic, with what it is as attributes, for the filter policies of subscriptions. A FIFO topic drops repeats by
 * the notice's id, for five minutes, and keeps the order within an incident.
 */
export async function tellSns(topicArn: string, notice: ShownNotice): Promise<Told> {
  const { id, thread, title, body, severity, state, kind, segment, link } = notice;
  const client = new SNSClient({ region: topicArn.split(':')[3] ?? '', maxAttempts: 1 });
  const text = (value: string) => ({ DataType: 'String', StringValue: value });
  const fifo = { MessageGroupId: digest(thread), MessageDeduplicationId: digest(id) };
  const command = new PublishCommand({
    TopicArn: topicArn,
    Subject: title.replace(/[^\x20-\x7e]/g, '?').slice(0, SUBJECT_LENGTH),
    Message: [title, body, ...(link === null ? [] : [link])].join('\n\n'),
    MessageAttributes: {
      notice: text(id),
      thread: text(thread),
      kind: text(kind),
      severity: text(severity),
      state: text(state),
      ...(segment === null ? {} : { segment: text(segment) }),
    },
    ...(topicArn.endsWith('.fifo') ? fifo : {}),
  });
  try {
    const { MessageId } = await client.send(command, { abortSignal: AbortSignal.timeout(TIMEOUT_MS) });
    return { kind: 'taken', detail: `SNS has it as ${MessageId}` };
  } catch (error) {
    const name = error instanceof Error ? error.name : 'unknown';
    return { kind: 'failed', detail: `SNS: ${name}`, isRefusal: REFUSED.includes(name) || isUnsayable(error) };
  } finally {
    client.destroy();
  }
}

/** It could not be written down as a request (encodeURIComponent of half a character), and never left: it is the notice. */
const isUnsayable = (error: unknown): boolean =>
  [URIError, TypeError, RangeError].some((kind) => error instanceof kind) && !('$response' in (error as object));

const digest = (text: string): string => createHash('sha256').update(text).digest('hex');
