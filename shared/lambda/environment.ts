import * as z from 'zod';
import { QUEUES, type QueueName } from '#events/catalog.ts';
import { workerName } from '#events/fence-worker.ts';
import { PermanentError } from '#shared/errors.ts';

/**
 * The environment of every function: one contract for the runtime, which parses it, and for the CDK construct,
 * which must give just this. It names secrets; it never holds one.
 */
const environmentSchema = z.object({
  STATE_TABLE: z.string().min(1),
  AUDIT_TABLE: z.string().min(1),
  /** The queues' addresses by their names in the catalogue, as JSON. */
  QUEUE_URLS: z.string().transform((text, context) => {
    const parsed = queueUrls.safeParse(safeJson(text));
    if (parsed.success) return parsed.data;
    context.addIssue({ code: 'custom', message: z.prettifyError(parsed.error) });
    return z.NEVER;
  }),
  /** The addresses of the fence workers' queues by their workers' names, as JSON. */
  FENCE_REQUEST_URLS: z.string().transform((text, context) => {
    const parsed = z.record(workerName, z.url()).safeParse(safeJson(text));
    if (parsed.success) return parsed.data;
    context.addIssue({ code: 'custom', message: z.prettifyError(parsed.error) });
    return z.NEVER;
  }),
  /** Unique ids of the roles of salvor's own functions that send to `host-events`, apart by commas: they are believed. */
  OWN_PRINCIPALS: z.string().transform((text) => text.split(',').filter((id) => id !== '')),
  /** Name or ARN of the secret with the cloud's credentials: the fields of a clouds.yaml cloud, as JSON. */
  CLOUD_SECRET: z.string().min(1),
  /** What stands before a fence device's `credentials` in the names of secrets. */
  SECRET_PREFIX: z.string(),
  /** The checked policy, beside the function's code. */
  POLICY_FILE: z.string().min(1),
});

/** Stands behind `SECRET_PREFIX` in the names of reporters' secrets, so that who reads these reads no fence device's. */
export const REPORTERS_PREFIX = 'reporters/';
/** The same for the channels by which people are told. */
export const NOTIFY_PREFIX = 'notify/';

/** The same for people's. */
export const PEOPLE_PREFIX = 'people/';

/** The console's files, beside the code of the function that serves them. */
export const CONSOLE_FOLDER = 'console';

const queueUrls = z.record(z.enum(Object.keys(QUEUES) as [QueueName, ...QueueName[]]), z.url());

export type Environment = z.infer<typeof environmentSchema>;
/** What the CDK construct sets: all of them, as text. */
export type EnvironmentText = Record<keyof Environment, string>;

function safeJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return text;
  }
}

/** @throws PermanentError that names every variable that is missing or wrong. */
export function readEnvironment(env: NodeJS.ProcessEnv): Environment {
  const parsed = environmentSchema.safeParse(env);
  if (!parsed.success)
    throw new PermanentError(`the function's environment is wrong: ${z.prettifyError(parsed.error)}`);
  return parsed.data;
}
