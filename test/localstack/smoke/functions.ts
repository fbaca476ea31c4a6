/** The functions of the smoke stack. They leave what they saw in the table. */
import { DynamoDBClient, PutItemCommand } from '@aws-sdk/client-dynamodb';
import type { ScheduledEvent, SQSBatchResponse, SQSEvent } from 'aws-lambda';

const dynamodb = new DynamoDBClient({});

async function put(pk: string, seen: string): Promise<void> {
  await dynamodb.send(new PutItemCommand({ TableName: process.env.TABLE, Item: { pk: { S: pk }, seen: { S: seen } } }));
}

/** Notes each message by its body, with the Node version that ran; a body that starts with `bad` is given back. */
export async function work(event: SQSEvent): Promise<SQSBatchResponse> {
  const batchItemFailures: SQSBatchResponse['batchItemFailures'] = [];
  for (const { body, messageId } of event.Records) {
    if (body.startsWith('bad')) batchItemFailures.push({ itemIdentifier: messageId });
    else await put(body, process.version);
  }
  return { batchItemFailures };
}

/** Notes that the rule fired. */
export async function tick(event: ScheduledEvent): Promise<void> {
  await put('tick', event['detail-type']);
}
