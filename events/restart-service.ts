import * as z from 'zod';

/**
 * What salvor asks of the worker at the edge: start this service on that host again. The worker says what became of it
 * by `process.up` or `process.down`, as any agent does.
 */
export const restartService = z.strictObject({
  type: z.literal('restart-service'),
  version: z.literal(1),
  /** Tells a repeat. */
  id: z.string().min(1).max(700),
  /** RFC 3339. A request that is older than `validSeconds` is void: somebody may be at work on the host by then. */
  time: z.iso.datetime({ offset: true }),
  validSeconds: z.int().min(1),
  /** Nova's service host name. */
  host: z.string().min(1).max(255),
  process: z.string().min(1).max(255),
});

export type RestartService = z.infer<typeof restartService>;
