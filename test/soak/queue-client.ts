import { SQSClient } from '@aws-sdk/client-sqs';

/** A client of the pipeline's queues that asks once: whoever is killed is asked again by its caller. @param who for its credentials, which any do */
export const queueClient = (endpoint: string, who: string): SQSClient =>
  new SQSClient({
    endpoint,
    region: 'us-east-1',
    credentials: { accessKeyId: who, secretAccessKey: who },
    useQueueUrlAsEndpoint: false,
    maxAttempts: 1,
  });
