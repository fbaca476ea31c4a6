import { served } from '#shared/api/served.ts';
import { CONSOLE_FOLDER } from '#shared/lambda/environment.ts';
import { httpHandler } from '#shared/lambda/http-handler.ts';

/** The API and the console, behind a function URL: Lambda starts it in the folder of its code, where the console lies. */
export const handler = httpHandler(
  async () => (await import('#shared/lambda/api-services.ts')).apiServicesFromEnvironment(process.env),
  (services) => served(services, CONSOLE_FOLDER),
);
