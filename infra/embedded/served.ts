/**
 * fauxqs also speaks SNS, S3 and STS, and lets anybody make and delete queues. Only what clients of the catalogue's
 * queues need is served (actions of the Amazon SQS API reference).
 */
const ACTIONS: ReadonlySet<string> = new Set(
  [
    'SendMessage',
    'SendMessageBatch',
    'ReceiveMessage',
    'DeleteMessage',
    'DeleteMessageBatch',
    'ChangeMessageVisibility',
    'ChangeMessageVisibilityBatch',
    'GetQueueUrl',
    'GetQueueAttributes',
    'ListQueues',
    'PurgeQueue',
  ].map((action) => `AmazonSQS.${action}`),
);

/** A request with an `Origin` comes from a web page, which has no business here. */
export const isServed = (
  method: string,
  url: string,
  headers: Readonly<Record<string, string | string[] | undefined>>,
): boolean =>
  method === 'POST' &&
  url === '/' &&
  headers.origin === undefined &&
  typeof headers['x-amz-target'] === 'string' &&
  ACTIONS.has(headers['x-amz-target']);
