import type { ErrorHandler } from 'hono';
import type { Log } from '#shared/services.ts';
import { onError, problem } from '../ingest/problem.ts';
import type { ApiEnv } from './who.ts';

/** What is not done, and what to do instead, for the person who asks. */
export class Refusal extends Error {
  readonly status: 400 | 403 | 404 | 413 | 501 | 503;

  constructor(status: Refusal['status'], detail: string) {
    super(detail);
    this.status = status;
  }
}

export const onApiError = (log: Log): ErrorHandler<ApiEnv> => {
  const otherwise = onError(log);
  return (error, c) => (error instanceof Refusal ? problem(error.status, error.message) : otherwise(error, c));
};
