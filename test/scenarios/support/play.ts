import * as z from 'zod';
import { FAULTS, type FaultKind } from '#cli/simulate/faults.ts';
import type { FunctionName } from '#events/catalog.ts';
import { FUNCTIONS } from '#infra/embedded/functions.ts';
import { names } from './names.ts';

/** A play: what a small cloud is made of, and what happens in it at which virtual second. README.md beside it explains. */

const hosts = z.strictObject({
  name: names,
  zone: z.string().default('az1'),
  /** Value of the aggregate metadata `rack`. */
  rack: z.string().optional(),
  /** By its fence device and in the policy; only with it a device that switches another host is found out at once. */
  systemUuid: z.uuid().optional(),
  /** As the hypervisor calls itself. */
  hypervisorHostname: z.string().optional(),
  memoryMb: z.int().optional(),
  /** Of its power supplies: one that is on is enough for it to run. */
  outlets: z.array(z.string()).optional(),
  /** A hardware watchdog, whose keeper asks salvor for leases. */
  watchdog: z.strictObject({ timeoutSeconds: z.number(), resetSeconds: z.number() }).optional(),
  /** Its service is disabled from the beginning, for this reason. */
  disabled: z.string().optional(),
});

const texts = z.record(z.string(), z.string());

const aggregates = z.strictObject({ name: z.string(), hosts: names, metadata: texts.default({}) });

/** Besides those that every simulated cloud has: sim/world/build.ts. */
const flavors = z.strictObject({
  name: z.string(),
  memoryMb: z.int().default(512),
  vcpus: z.int().default(1),
  extraSpecs: texts.default({}),
});
const images = z.strictObject({
  name: z.string(),
  tags: z.array(z.string()).default([]),
  properties: texts.default({}),
});

const instances = z.strictObject({
  name: names,
  host: z.string(),
  state: z
    .enum(['active', 'building', 'paused', 'suspended', 'stopped', 'rescued', 'resized', 'error', 'shelved'])
    .default('active'),
  task: z.string().optional(),
  flavor: z.string().default('tiny'),
  root: z.enum(['image', 'volume']).default('image'),
  /** What its root disk was made from: one of `images`. */
  image: z.string().optional(),
  address: z.ipv4().optional(),
  /** How long its guest runs until it answers there. */
  answersAfterSeconds: z.number().optional(),
  /** Whose it is. */
  project: z.string().default('owner'),
  metadata: texts.default({}),
  lockedBy: z.enum(['owner', 'admin']).optional(),
  /** Only this zone will do. */
  zone: z.string().optional(),
  /** Images that Nova has made of it, so long before the play. */
  snapshots: z
    .array(
      z.strictObject({
        hoursOld: z.number().default(3),
        kind: z.enum(['snapshot', 'backup']).default('snapshot'),
        /** Whose image it is; the instance's owner's unless given. */
        owner: z.string().optional(),
        /** Glance has not got all of it. */
        status: z.enum(['queued', 'saving']).optional(),
      }),
    )
    .default([]),
});

const serverGroups = z.strictObject({
  policy: z.enum(['affinity', 'anti-affinity', 'soft-affinity', 'soft-anti-affinity']),
  members: names,
});

const CALL_FAULTS = Object.keys(FAULTS).filter((kind) => FAULTS[kind as FaultKind].by === 'call') as [
  FaultKind,
  ...FaultKind[],
];

const fault = z
  .strictObject({
    /** One that strikes calls: cli/simulate/faults.ts has them all. */
    kind: z.enum(CALL_FAULTS),
    /** The failed hosts whose recovery it disturbs. */
    host: names,
    instance: z.string().optional(),
    /** Only this one of the host's fence devices: `bmc`, `ipmi`, or `outlet a`. */
    device: z.string().optional(),
    function: z.enum(Object.keys(FUNCTIONS) as [FunctionName, ...FunctionName[]]).optional(),
    /** Only this kind of request to the outside. */
    act: z
      .enum([
        'evacuate',
        'reset-state',
        'force-down',
        'power-off',
        'read-power',
        'power-on',
        'force-up',
        'enable',
        'disable',
        'live-migrate',
        'reboot',
        'migrate',
        'rebuild',
        'start-restored',
      ])
      .optional(),
    /** It strikes every such call until this second, … */
    until: z.number().optional(),
    /** … or so many calls, after it has let so many pass. */
    times: z.int().min(1).optional(),
    skip: z.int().min(0).default(0),
    /** How long, how late, how slow. */
    seconds: z.number().default(0),
    httpStatus: z.int().optional(),
  })
  .refine(({ until, times }) => (until === undefined) !== (times === undefined), 'either until or times');

const report = z.strictObject({
  by: names,
  says: z.enum(['down', 'up', 'heartbeat', 'dumping', 'process down', 'process up', 'instance down']).default('down'),
  host: names,
  /** By the reporter's clock, which is ahead by this; behind if negative. */
  aheadSeconds: z.number().default(0),
  process: z.string().optional(),
  instance: names.optional(),
  /** Of an instance, as libvirt's monitor calls it. */
  event: z.string().default('LIFECYCLE STOPPED_FAILED'),
});

const withReason = z.strictObject({ host: names, reason: z.string() });

/** What may happen. Each step of a play has exactly one of these. */
const VERBS = {
  // Hosts
  crash: names,
  losePower: names,
  cutOff: names,
  reconnect: names,
  reboot: names,
  /** nova-compute alone. */
  stopCompute: names,
  startCompute: names,
  // Reporters, in addition to the agents
  report,
  /** A body that nobody can read. */
  nonsense: z.string(),
  // What goes wrong
  fault,
  // Instances, by their owners and by people
  /** Their processes end by themselves. */
  crashGuest: names,
  stop: names,
  lock: names,
  delete: names,
  migrate: names,
  evacuateByHand: names,
  optOut: names,
  deleteImage: z.string(),
  // Operators
  powerOff: names,
  powerOn: names,
  disable: withReason,
  enable: names,
  /** Enabled, and no longer forced down. */
  giveBack: names,
  forceDown: names,
  unsetForcedDown: names,
  joinAggregate: z.strictObject({ host: names, aggregate: z.string() }),
  leaveAggregate: names,
  /** Of a segment, or of everything. */
  disarm: z.strictObject({ segment: z.string().optional(), reason: z.string(), forSeconds: z.int().optional() }),
  arm: z.strictObject({ segment: z.string().optional(), reason: z.string() }),
  release: z.strictObject({ host: z.string(), reason: z.string(), gates: z.array(z.string()).default([]) }),
  dismiss: withReason,
  return: withReason,
  maintenanceOn: z.strictObject({
    host: names,
    reason: z.string(),
    drain: z.boolean().default(false),
    forSeconds: z.int().optional(),
  }),
  maintenanceOff: withReason,
  confirmOff: withReason.extend({ by: z.string().default('alice') }),
  redrive: z.literal('everything'),
  // salvor
  salvor: z.enum(['killed', 'started']),
};
export type Verb = keyof typeof VERBS;

const step = z
  .strictObject({
    at: z.number().min(0),
    ...(z.object(VERBS).partial().shape as { [V in Verb]: z.ZodOptional<(typeof VERBS)[V]> }),
  })
  .refine((given) => Object.keys(given).length === 2, 'a step has a time and one thing that happens');

export const playSchema = z.strictObject({
  /** Ids of coverage.yaml. */
  answers: z.array(z.string()).min(1),
  hosts: z.array(hosts).min(1),
  aggregates: z.array(aggregates).default([]),
  flavors: z.array(flavors).default([]),
  images: z.array(images).default([]),
  instances: z.array(instances).default([]),
  serverGroups: z.array(serverGroups).default([]),
  /** Merged over the policy of README.md; `segment` is its one segment, `az1`. */
  policy: z.record(z.string(), z.unknown()).default({}),
  /** Agents that watch every host, and tell the truth. */
  agents: z.array(z.string()).default(['consul', 'pacemaker']),
  /** Every host that is alive sends a heartbeat so often; none does unless given. */
  beatSeconds: z.number().optional(),
  /** They say down again after so long; otherwise once. */
  repeatSeconds: z.number().optional(),
  /** What the worker at the edge makes of a restart; there is none unless given. */
  edge: z.enum(['restarts', 'fails']).optional(),
  bootSeconds: z.number().default(240),
  evacuationSeconds: z.number().default(10),
  /** Gates whose numbers are told although they are open. */
  explain: z.array(z.string()).default([]),
  play: z.array(step).min(1),
  /** When the curtain falls, in seconds. */
  until: z.number(),
  /** Hosts whose incidents are still open then, since they wait for something. */
  leavesOpen: names.optional(),
});

export type Play = z.infer<typeof playSchema>;
export type Step = Play['play'][number];
