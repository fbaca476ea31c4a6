import * as z from 'zod';
import { seconds } from './policy-values.ts';

/** The keys of the policy about the way back of hosts, and about planned work. */

const DAY_SECONDS = 86_400;

const quarantine = z.strictObject({
  /** A host that has failed so often … */
  failures: z.int().min(1).max(20).default(2),
  /** … within this time is not given back by itself, … */
  withinSeconds: seconds(60, 30 * DAY_SECONDS).default(DAY_SECONDS),
  /** … for so long. 0: until a person asks for it. */
  holdSeconds: seconds(0, 30 * DAY_SECONDS).default(0),
});

/** Of a host whose incident has ended, and that salvor has forced down. */
export const hostReturn = z.strictObject({
  /** `manual`: a person asks for it, or gives it back in Nova. `automatic`: salvor gives it back when it is well. */
  mode: z.enum(['manual', 'automatic']).default('manual'),
  /** Whether salvor switches it on, once its evacuations have ended. */
  powerOn: z.enum(['never', 'after-evacuations']).default('never'),
  /** So long after that a host may be silent: words that it is down, of those who said so before, open no incident. */
  bootSeconds: seconds(60, 7200).default(900),
  /** It must be well for so long before Nova's scheduler may choose it again. */
  healthyForSeconds: seconds(0, DAY_SECONDS).default(300),
  quarantine: quarantine.prefault({}),
  /** Instances that were evacuated from it are live-migrated back afterwards, one after the other. */
  goHome: z.boolean().default(false),
});

/** Planned work on a host: `salvor maintenance`. The limits of live migrations hold for those back home as well. */
export const maintenance = z.strictObject({
  /** Live migrations of one host at the same time. */
  maxInFlight: z.int().min(1).max(50).default(2),
  /** Requests per instance, the first included. */
  maxAttempts: z.int().min(1).max(20).default(3),
  retryBaseSeconds: seconds(0, 3600).default(30),
  retryMaxSeconds: seconds(1, DAY_SECONDS).default(300),
  /** After a request whose outcome nobody knows: wait this long for its migration to show. */
  settleSeconds: seconds(1, 3600).default(120),
  /** Pause between two looks at Nova. */
  pollSeconds: seconds(1, 60).default(5),
  /** A live migration that takes longer is left to Nova. */
  moveTimeoutSeconds: seconds(60, DAY_SECONDS).default(3600),
});

/** `salvor disarm` and `salvor maintenance on`. */
export const switches = z.strictObject({
  /** Who switches salvor off must say for how long. */
  requireExpiry: z.boolean().default(false),
});
