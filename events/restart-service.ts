import * as z from 'zod';

/**
 * What salvor asks of the worker at the edge: start a service of a host again, a step that is cheaper than fencing the
 * host. A request that is older than `validSeconds` is void: somebody may be at work on the host by then.
 */
export const restartRequest = z.strictObject({
  type: z.literal('restart-service'),
  version: z.literal(1),
  /** Tells a repeat. */
  id: z.uuid(),
  /** RFC 3339, by salvor's clock. */
  time: z.iso.datetime({ offset: true }),
  validSeconds: z.number().gt(0).max(30),
  /** Nova's service host name. */
  host: z.string().min(1).max(255),
  service: z.string().min(1).max(255),
});

export type RestartRequest = z.infer<typeof restartRequest>;
