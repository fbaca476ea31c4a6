import middy from '@middy/core';
import type { Hono } from 'hono';
import { handle, type LambdaContext, type LambdaEvent } from 'hono/aws-lambda';
import type { IngestServices } from '#shared/ingest/app.ts';
import type { IngestEnv } from '#shared/ingest/authenticate.ts';

/** Built on the first request of a process and kept; a failure is not kept, so that the next request tries again. */
let built: Promise<Hono<IngestEnv>> | undefined;

/** A function behind a function URL (Lambda Developer Guide, "Request and response payloads"). */
export const httpHandler = (appOf: (services: IngestServices) => Hono<IngestEnv>) => {
  const appOfProcess = async (): Promise<Hono<IngestEnv>> => {
    built ??= import('./ingest-services.ts').then((module) => appOf(module.ingestServicesFromEnvironment(process.env)));
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
