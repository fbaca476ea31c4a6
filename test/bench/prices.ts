/**
 * AWS list prices in US dollars, us-east-1, since 2024-11, without the free tier. On-demand tables; standard queues;
 * x86 functions.
 */
export const PRICES = {
  /** Per request; one receives, one deletes. */
  sqsReceiving: 0.4 / 1e6,
  lambdaRequests: 0.2 / 1e6,
  /** Per GB and second. */
  lambdaTime: 0.0000166667,
  dynamodbReads: 0.125 / 1e6,
  dynamodbWrites: 0.625 / 1e6,
} as const;

export const HOURS_A_MONTH = 730;
