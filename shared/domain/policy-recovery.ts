import * as z from 'zod';
import { hostName, seconds } from './policy-values.ts';

/** The keys of the policy that say who is brought back, in what order, and where to. */

const key = z.string().min(1).max(255);
/** `*` stands for any text, `?` for one character. */
const pattern = z.string().min(1).max(255);

/**
 * An instance that another service keeps alive is not rebuilt behind that service's back. All that one entry names must
 * be true of the instance.
 */
const excluded = z
  .strictObject({
    name: pattern.optional(),
    flavor: pattern.optional(),
    imageTag: key.optional(),
    /** Id of its project. */
    project: key.optional(),
    because: z.string().min(1).max(200),
  })
  .refine(
    ({ name, flavor, imageTag, project }) => [name, flavor, imageTag, project].some((each) => each !== undefined),
    'an entry must name something that it excludes: name, flavor, imageTag or project',
  );

/**
 * As Octavia names its amphorae (octavia/controller/worker/v2/tasks/compute_tasks.py: `amphora-` and a UUID), and as its
 * installers name their flavors. A rebuilt amphora has lost its certificates, and Octavia replaces it meanwhile.
 */
const AN_AMPHORA = 'it is an amphora, which Octavia replaces by itself';
const AMPHORAE = [
  { name: 'amphora-????????-????-????-????-????????????', because: AN_AMPHORA },
  ...['amphora', 'm1.amphora', 'octavia*', 'charm-octavia'].map((flavor) => ({ flavor, because: AN_AMPHORA })),
];

/** Who is protected: parts of `instances`. */
export const protection = {
  /** `all` instances of a failed host, or only those that are opted in. An opted-out one is left alone by both. */
  protect: z.enum(['all', 'opted-in']).default('all'),
  /** Server metadata key read as a boolean: `true` opts in, `false` opts out. Masakari's own name is the default. */
  metadataKey: key.default('HA_Enabled'),
  /** Image property or tag. InstanceHA's name is the default, here and in the next two. */
  imageKey: key.default('evacuable'),
  /** Flavor extra spec. */
  flavorKey: key.default('evacuable'),
  /** Metadata key of the host's aggregates. */
  aggregateKey: key.default('evacuable'),
  /** Where it is said. Unless given, all four under `opted-in`; under `all` what costs no request: metadata and flavor. */
  saidIn: z
    .array(z.enum(['metadata', 'image', 'flavor', 'aggregate']))
    .min(1)
    .optional(),
  exclude: z.array(excluded).max(100).default(AMPHORAE),
};

/**
 * Instances whose disks are lost with their host may be restarted from the newest image that Nova has made of them. What was
 * written since is gone, and Nova deletes what is left on the failed host when that comes back.
 */
export const restartFromSnapshot = z.strictObject({
  /** From none that is older. */
  maxAgeSeconds: seconds(60, 31 * 86_400),
  /** Instances whose owner has asked for it, or all. */
  who: z.enum(['opted-in', 'all']).default('opted-in'),
  /** Server metadata key read as a boolean. */
  metadataKey: key.default('salvor:restart_from_snapshot'),
});

/** What must be true of a tier before a later one starts. */
const gate = z
  .strictObject({
    /** `active`: all of it runs elsewhere. `time`: the same, and `seconds` later. `tcp`, `http`: each of it answers, too. */
    by: z.enum(['active', 'time', 'tcp', 'http']).default('active'),
    seconds: seconds(0, 86_400).default(60),
    port: z.int().min(1).max(65_535).optional(),
    path: z
      .string()
      .regex(/^\/\S*$/, 'a path')
      .default('/'),
    /** It is asked at an address in these only: owners choose addresses as they like. */
    ranges: z
      .array(z.union([z.cidrv4(), z.cidrv6()]))
      .min(1)
      .optional(),
    /** From when it may start: a tier that is not up by then is up no more. */
    deadlineSeconds: seconds(1, 86_400).default(600),
  })
  .refine(
    ({ by, port, ranges }) => (port !== undefined && ranges !== undefined) || (by !== 'tcp' && by !== 'http'),
    'tcp and http need a port, and ranges of addresses',
  );

/** In what order instances are brought back. */
export const order = z.strictObject({
  /** 1 to 1000, the larger first; 500 unless given. InstanceHA's name is the default. */
  priorityKey: key.default('instanceha:restart_priority'),
  /** Members of a group, which are of one project, all have the largest priority of them. */
  groupKey: key.default('instanceha:restart_group'),
  /** 1 to 1000, the smaller first. An instance without a tier waits for none. */
  tierKey: key.default('salvor:tier'),
  /** Owners' server metadata count, and before flavors' extra specs. If not, the flavor alone does. */
  byOwners: z.boolean().default(true),
  /** Whose earlier tiers must be up: those of the same project, or all of the failed host. */
  tiersWithin: z.enum(['project', 'host']).default('project'),
  gate: gate.prefault({}),
  /** By tier, in place of the above. */
  gates: z.record(z.string().regex(/^([1-9]\d{0,2}|1000)$/, 'a tier: 1 to 1000'), gate).optional(),
  /** What becomes of later tiers when one is not up: they start all the same, or go to a person. */
  ifNotUp: z.enum(['go-on', 'stop']).default('go-on'),
});

/** Where instances go. */
export const destinations = z
  .strictObject({
    /** Hosts of the failed host's zone, or only those that are of its segment too. */
    within: z.enum(['zone', 'segment']).default('zone'),
    /** Metadata key of aggregates that names their hosts' storage: a destination has the failed host's. */
    storageAggregateKey: key.optional(),
    /** Memory that hosts hold, as a multiple of what they have. As Nova's `ram_allocation_ratio`. */
    ramAllocationRatio: z.number().min(0.1).max(100).default(1),
    /** The same of vCPUs, which are not counted unless it is given. */
    cpuAllocationRatio: z.number().min(0.1).max(1000).optional(),
    /** When no host that salvor knows will do: Nova's scheduler is asked, or the instance waits until one does. */
    otherwise: z.enum(['scheduler', 'wait']).default('scheduler'),
    /** Server groups are kept to. Without that, Nova refuses what does not. */
    serverGroups: z.boolean().default(true),
    /** Masakari's recovery methods. */
    method: z.enum(['auto', 'reserved_host', 'auto_priority', 'rh_priority']).default('auto'),
    reservedHosts: z
      .union([
        z.strictObject({ names: z.array(hostName).min(1) }),
        z.strictObject({ aggregate: z.string().min(1).max(255) }),
      ])
      .optional(),
    /** A reserved host is disabled in Nova for a reason that has this in it; one with another reason is in maintenance. */
    reservedReason: z.string().min(1).max(100).default('reserved'),
    /** A reserved host joins the aggregates of the failed one. Masakari's `add_reserved_host_to_aggregate`. */
    joinAggregates: z.boolean().default(false),
  })
  .refine(
    ({ method, reservedHosts }) => method === 'auto' || reservedHosts !== undefined,
    'this method needs reservedHosts',
  );
