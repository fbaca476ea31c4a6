import type { ErrorHandler } from 'hono';
import type { Log } from '#shared/services.ts';
import { onError, problem } from '../ingest/problem.ts';
import type { ApiEnv } from './who.ts';

interface Besides {
  /** Members of the answer. */
  readonly more?: object;
  readonly headers?: Readonly<Record<string, string>>;
}

/** What is not done, and what to do instead, for the person who asks. */
export class Refusal extends Error {
  readonly status: 400 | 401 | 403 | 404 | 413 | 429 | 501 | 503;
  readonly besides: Besides;

  constructor(status: Refusal['status'], detail: string, besides: Besides = {}) {
    super(detail);
    this.status = status;
    this.besides = besides;
  }
}

export const onApiError = (log: Log): ErrorHandler<ApiEnv> => {
  const otherwise = onError(log);
  return (error, c) => {
    if (!(error instanceof Refusal)) return otherwise(error, c);
    const { more, headers } = error.besides;
    return problem(error.status, error.message, more, headers);
  };
};
