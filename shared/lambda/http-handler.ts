import middy from '@middy/core';
import type { Env, Hono } from 'hono';
import { handle, type LambdaContext, type LambdaEvent } from 'hono/aws-lambda';

/**
 * A function behind a function URL (Lambda Developer Guide, "Request and response payloads"). What it serves is built on the
 * first request of a process and kept; a failure is not kept, so that the next request tries again.
 */
export const httpHandler = <Services, E extends Env>(
  open: () => Promise<Services>,
  appOf: (services: Services) => Hono<E>,
) => {
  let built: Promise<Hono<E>> | undefined;
  const appOfProcess = async (): Promise<Hono<E>> => {
    built ??= open().then(appOf);
    try {
      return await built;
    } catch (error) {
      built = undefined;
      throw error;
    }
  };
  return middy<LambdaEvent, unknown>().handler(async (event, context) =>
    handle(await appOfProcess())(event, context as LambdaContext),
  );
};
