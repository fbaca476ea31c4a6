import middy from '@middy/core';
import type { ScheduleName } from '#events/catalog.ts';
import type { Services } from '#shared/services.ts';
import { inForce } from '#shared/shell/policy-in-force.ts';
import { again, type BatchResult, type QueueFunction, type SqsRecord } from './queue-function.ts';

/** An SQS event as Lambda hands it over, and the answer to it: `ReportBatchItemFailures` of the event source. */
export interface SqsEvent {
  readonly Records: readonly SqsRecord[];
}
export interface SqsBatchResponse {
  readonly batchItemFailures: readonly { readonly itemIdentifier: string }[];
}

/** Built on the first event of a process and kept; a failure is not kept, so that the next event tries again. */
let built: Promise<Services> | undefined;
async function servicesOfProcess(): Promise<Services> {
  built ??= import('./services-from-environment.ts').then((module) => module.servicesFromEnvironment(process.env));
  try {
    return await built;
  } catch (error) {
    built = undefined;
    throw error;
  }
}

/** What the embedded runtime calls as well, with services of its own. */
export async function answerSqsEvent(
  fn: QueueFunction,
  services: Services,
  { Records }: SqsEvent,
): Promise<SqsBatchResponse> {
  const failed = await handleInForce(fn, services, Records);
  return { batchItemFailures: failed.map((itemIdentifier) => ({ itemIdentifier })) };
}

/** Without the policy of now nothing is decided: all of it comes again. */
async function handleInForce(
  { queue, handle }: QueueFunction,
  services: Services,
  records: readonly SqsRecord[],
): Promise<BatchResult> {
  let now: Services;
  try {
    now = await inForce(services);
  } catch (error) {
    return Promise.all(records.map((record) => again(services, queue, record, error)));
  }
  return handle(now, records);
}

export const lambdaHandler = (fn: QueueFunction) =>
  middy<SqsEvent, SqsBatchResponse>().handler(async (event) => answerSqsEvent(fn, await servicesOfProcess(), event));

/** One run by the clock, as the embedded runtime makes it as well. @returns how many things it worked on */
export const runScheduled = async <Rest extends readonly unknown[]>(
  run: (services: Services, ...rest: Rest) => Promise<number>,
  services: Services,
  ...rest: Rest
): Promise<number> => run(await inForce(services), ...rest);

/** A function that runs by the clock. It throws when it fails, so that its alarm sees it. */
export const scheduledHandler = (name: ScheduleName, run: (services: Services) => Promise<number>) =>
  middy<unknown, void>().handler(async () => {
    const services = await servicesOfProcess();
    const count = await runScheduled(run, services);
    services.log.info(`${name} done`, { count });
  });
