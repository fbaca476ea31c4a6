import * as z from 'zod';
import type { NeededService } from '#shared/ports.ts';
import { anyPercent, hostName, name, seconds, somePercent } from './policy-values.ts';

/** The keys of the policy that say when salvor must not act: each is a limit of a gate (`gates/`). */

/** How many hosts may fail before it looks like a failure of something else. */
export const storm = (maxHosts: number) =>
  z
    .strictObject({
      /** Hosts that may be fenced within the window; the next one is held. */
      maxHosts: z.int().min(1).default(maxHosts),
      /** Of all the segment's hosts, those that may be fenced within the window, in per cent. */
      maxPercent: somePercent.default(34),
      windowSeconds: seconds(1, 86_400).default(3600),
      /** Hosts that may be fenced within 24 hours, so that a slow cascade stops too. Twice `maxHosts` by default. */
      maxHostsPerDay: z.int().min(1).optional(),
      /** Hosts that may be fenced within 60 s; the next one waits. As many as `maxHosts` by default. */
      maxHostsPerMinute: z.int().min(1).optional(),
      /** After a limit was hit nobody is fenced until there was no new suspicion for this long. */
      coolDownSeconds: seconds(0, 86_400).default(600),
    })
    .transform((limits) => ({
      ...limits,
      maxHostsPerDay: limits.maxHostsPerDay ?? 2 * limits.maxHosts,
      maxHostsPerMinute: limits.maxHostsPerMinute ?? limits.maxHosts,
    }));

export const reporters = z.strictObject({
  /** How many reporters must say that the host is down. */
  required: z.int().min(1).max(20).default(1),
  /** A report counts for this long unless it is repeated. */
  claimTtlSeconds: seconds(10, 86_400).default(900),
  /** The word of a reporter counts no more when it says down of more than this part of all hosts, in per cent, … */
  maxAccusedPercent: somePercent.default(20),
  /** … and of more hosts than this: the reporter has failed, not they. */
  maxAccusedHosts: z.int().min(1).default(3),
});

/** Of a host whose crashed kernel writes a dump. */
export const dump = z.strictObject({
  /** Its power-off waits for so long at most, as long as it is said to write. 0 asks for nothing. */
  waitSeconds: seconds(0, 3600).default(300),
});

/** Of hosts that send heartbeats. */
export const heartbeats = z.strictObject({
  /** A host whose heartbeats cease is reported down after this long, or after half of it: its lease ends then. */
  timeoutSeconds: seconds(10, 3600).default(60),
});

/** By name, patterns of reporters that are one source: `*` stands for any text. */
export const reporterGroups = z.record(name, z.array(z.string().min(1).max(512)).min(1));

/** What fails together: a rack with its switch and its power. Hosts of which nothing is said are in none. */
export const failureDomains = z.strictObject({
  /** Metadata key of Nova's host aggregates whose value names the domain of their hosts. */
  aggregateMetadataKey: z.string().min(1).max(255).optional(),
  /** By name, the hosts of each domain. */
  hosts: z.record(name, z.array(hostName).min(1)).optional(),
  /** Hosts of one domain that may be fenced within the window; the next one is held: the domain has failed. */
  maxHostsPerDomain: z.int().min(1).default(2),
  /** Domains that may have failed hosts within the window. */
  maxDomains: z.int().min(1).default(3),
  windowSeconds: seconds(1, 86_400).default(3600),
});

/** After its first start, or after a long pause, salvor fences nobody for a while: what it knows is old. */
export const settling = z.strictObject({
  /** 0 asks for no pause. */
  pauseSeconds: seconds(0, 86_400).default(120),
  /** A gap that is longer starts the pause again. Salvor's own beat is a minute long. */
  maxGapSeconds: seconds(120, 86_400).default(300),
});

/** Whether salvor itself can see: asked once every other gate is open. */
export const observer = z.strictObject({
  /** Of so many other hosts of the segment, picked by chance, the power is read. */
  devices: z.int().min(0).max(20).default(5),
  /** Of those, so many must answer. */
  minDevicesPercent: anyPercent.default(50),
  /** For one device, if its own `timeoutSeconds` is not shorter. */
  deviceTimeoutSeconds: seconds(1, 5).default(3),
  /** Of the region's other hosts, so many must be up by Nova. */
  minHostsUpPercent: anyPercent.default(50),
});

const NEEDED = [
  'keystone',
  'nova',
  'conductor',
  'scheduler',
  'placement',
  'glance',
  'cinder',
  'neutron',
] as const satisfies readonly NeededService[];

/** Services that an evacuation needs must answer before a host is fenced. */
export const dependencies = z.strictObject({
  /** These need not. */
  ignore: z.array(z.enum(NEEDED)).optional(),
});

export type StormLimits = z.infer<ReturnType<typeof storm>>;
