import * as z from 'zod';

/** The keys of the policy that say what is found out before anything is wrong. */

/** Every fence device is asked for the power of its host, which changes nothing. */
export const survey = z.strictObject({
  /** Each device so often; 0: never. `survey-devices` runs once a minute: less than 60 is as 60. */
  everySeconds: z.int().min(0).max(86_400).default(300),
  /** Devices that are asked at the same time: BMC networks are slow, and often behind one small switch. */
  atOnce: z.int().min(1).max(200).default(20),
  /** A certificate that ends within so many days is told of: of devices, of the cloud's services, and salvor's own. */
  certificateDays: z.int().min(0).max(365).default(30),
  /** The same of credentials that end by themselves. */
  credentialDays: z.int().min(0).max(365).default(14),
});

/** What a failure would come to is known before it: `salvor what-if` and `salvor capacity`. */
export const forecast = z.strictObject({
  /** The instances of each host are listed so often; 0: never. `mirror-instances` runs once a minute. */
  everySeconds: z.int().min(0).max(86_400).default(600),
  /** Hosts whose instances are listed at the same time. */
  atOnce: z.int().min(1).max(50).default(4),
});
