import type { Message, MessageAttributeValue } from '@aws-sdk/client-sqs';
import type { SqsEvent } from '#shared/lambda/handler.ts';
import { REGION } from './fauxqs.ts';

/**
 * The event that Lambda would hand over (Lambda Developer Guide, "Using Lambda with Amazon SQS", example event).
 * It is text and back, so that a function finds no `undefined` where on AWS there is nothing.
 */
export function toSqsEvent(messages: readonly Message[], queueArn: string): SqsEvent {
  const Records = messages.map((message) => ({
    messageId: message.MessageId,
    receiptHandle: message.ReceiptHandle,
    body: message.Body,
    attributes: message.Attributes,
    messageAttributes: mapValues(message.MessageAttributes ?? {}, toAttribute),
    md5OfMessageAttributes: message.MD5OfMessageAttributes,
    md5OfBody: message.MD5OfBody,
    eventSource: 'aws:sqs',
    eventSourceARN: queueArn,
    awsRegion: REGION,
  }));
  return JSON.parse(JSON.stringify({ Records })) as SqsEvent;
}

const toAttribute = ({ StringValue, BinaryValue, DataType }: MessageAttributeValue) => ({
  stringValue: StringValue,
  binaryValue: BinaryValue && Buffer.from(BinaryValue).toString('base64'),
  stringListValues: [],
  binaryListValues: [],
  dataType: DataType,
});

const mapValues = <A, B>(values: Readonly<Record<string, A>>, change: (value: A) => B): Record<string, B> =>
  Object.fromEntries(Object.entries(values).map(([key, value]) => [key, change(value)]));
