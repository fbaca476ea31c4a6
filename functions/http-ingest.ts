import { ingestApp } from '#shared/ingest/app.ts';
import { httpHandler } from '#shared/lambda/http-handler.ts';

/** Takes reports by HTTP: whatever `shared/ingest/` serves, behind a function URL. */
export const handler = httpHandler(
  async () => (await import('#shared/lambda/ingest-services.ts')).ingestServicesFromEnvironment(process.env),
  ingestApp,
);
