import * as z from 'zod';
import { workerName } from '#events/fence-worker.ts';
import { seconds } from './policy-values.ts';

/** The keys of the policy about single instances and processes of a host that lives. Without them both are recorded only. */

/** What a report of one kind leads to, and how many sources must say that the instance is down. */
const reason = (action: 'record' | 'restart', sources: number) =>
  z.strictObject({
    do: z.enum(['record', 'restart', 'move']).default(action),
    sources: z.int().min(1).max(20).default(sources),
  });

export const instanceRecovery = z.strictObject({
  /** Which instances, by `instances.metadataKey`. Masakari's default is its own: those that opted in. */
  protect: z.enum(['opted-in', 'all']).default('opted-in'),
  /** Its process has ended by itself. */
  processGone: reason('restart', 1).prefault({}),
  /** Its watchdog has fired, or its guest agent does not answer any more. */
  guestHung: reason('restart', 1).prefault({}),
  /** Its disk has failed, and the guest was told. */
  ioError: reason('restart', 1).prefault({}),
  /** It does not answer over the network: a probe's word, which may be wrong about the network. */
  noAnswer: reason('record', 2).prefault({}),
  /** From the first report to the decision. */
  confirmSeconds: seconds(0, 3600).default(10),
  /** So long after it was restarted, that it hangs or does not answer is no news: it boots. */
  bootSeconds: seconds(0, 3600).default(120),
  /** The window of all limits. */
  windowSeconds: seconds(60, 86_400).default(3600),
  /** Of one instance within the window. */
  maxRestarts: z.int().min(0).max(20).default(3),
  /** Instances of one host that fail within the window: with more, the host is sick. */
  maxPerHost: z.int().min(1).max(1000).default(5),
  maxPerSegment: z.int().min(1).max(1000).default(20),
  /** An instance that has used up its restarts is moved to another host, once in the window. */
  thenMove: z.boolean().default(false),
  /** What Nova was asked for must be done after this long; else a person has to look. */
  stepSeconds: seconds(30, 86_400).default(600),
  /** An instance that can not be acted on for so long is handed to a person. */
  deadlineSeconds: seconds(60, 86_400).default(1800),
});

/** Names of processes; `*` stands for any text. */
const processes = z.array(z.string().min(1).max(255));

/** Without one of these what is scheduled to its host does not come up, or has no network. */
const NEEDED = ['nova-compute*', 'libvirtd*', 'virtqemud*', 'neutron-*-agent*', 'ovn-controller*'];
/** Without these nobody is measured, or billed: no reason to keep a host empty. */
const METERING = ['*ceilometer*'];

export const processRecovery = z
  .strictObject({
    /** No new instances are scheduled to a host on which one of these has stopped. */
    disable: processes.default(NEEDED),
    /** The worker is asked to start these again. Where there is one: unless given, those of `disable` by default, and ceilometer's. */
    restart: processes.optional(),
    /** The fence worker that starts them: a program near the hosts, with a queue of its own. */
    worker: workerName.optional(),
    restartAttempts: z.int().min(1).max(20).default(3),
    restartEverySeconds: seconds(10, 3600).default(60),
    /** `when-well`: salvor takes back what it has disabled itself. */
    enable: z.enum(['when-well', 'by-hand']).default('when-well'),
    /** So long everything must have run again before that. */
    wellSeconds: seconds(0, 86_400).default(120),
    /** A process that is still down after this long is one reporter's word that the host is; never, unless given. */
    escalateAfterSeconds: seconds(30, 86_400).optional(),
  })
  .refine(({ restart = [], worker }) => restart.length === 0 || worker !== undefined, {
    message: 'is needed where anything is to be restarted',
    path: ['worker'],
  })
  .transform((recovery) => ({
    ...recovery,
    restart: recovery.restart ?? (recovery.worker === undefined ? [] : [...NEEDED, ...METERING]),
  }));

export type InstanceRecovery = z.infer<typeof instanceRecovery>;
export type ProcessRecovery = z.infer<typeof processRecovery>;
