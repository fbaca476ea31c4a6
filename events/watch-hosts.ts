import * as z from 'zod';

/** Look at the hosts now: `sweep` asks for the looks of the minute to come. One that comes late is left out. */
export const watchHosts = z.object({
  type: z.literal('watch-hosts'),
  version: z.literal(1),
  /** When it is due, in Unix ms. */
  atMs: z.int().min(0),
});

export type WatchHosts = z.infer<typeof watchHosts>;
