import * as z from 'zod';
import { access, accessFaults } from './policy-access.ts';
import { deviceFaults, fenceDevicesByHost, fenceNetworks, networkFaults } from './policy-devices.ts';
import {
  dependencies,
  dump,
  failureDomains,
  heartbeats,
  observer,
  reporterGroups,
  reporters,
  settling,
  storm,
} from './policy-guards.ts';
import { instanceRecovery, processRecovery } from './policy-instances.ts';
import { notify, notifyFaults } from './policy-notify.ts';
import { destinations, order, protection, restartFromSnapshot } from './policy-recovery.ts';
import { reporterFaults, reportersByName, watch } from './policy-reporters.ts';
import { hostReturn, maintenance, switches } from './policy-return.ts';
import { forecast, survey } from './policy-survey.ts';
import { hostName, name, seconds } from './policy-values.ts';
import { proofFault } from './slow-agents.ts';

/**
 * The operator's policy: what is protected and when salvor may act. Unknown keys are refused, so that a
 * misspelt option is seen; every number has its unit in its name. No secrets: `credentials` names one.
 */

const instances = z
  .strictObject({
    ...protection,
    /** The instances' local disks are on storage that every host of the segment shares (Ceph RBD, NFS). */
    sharedInstanceStorage: z.boolean().default(false),
    /** Evacuate although a local disk is not shared: Nova then makes a new disk from the image and the old data are gone. */
    allowRebuildFromImage: z.boolean().default(false),
    /** PAUSED and RESCUED instances lose that state with the host: bring them back stopped, or leave them to a person. */
    lostStates: z.enum(['recover-stopped', 'leave']).default('recover-stopped'),
    /** Nova starts an instance in ERROR when it evacuates it. */
    inError: z.enum(['recover', 'leave']).default('recover'),
    /** Instances whose local disks are lost are restarted from a snapshot or backup image of theirs. Left alone unless given. */
    restartFromSnapshot: restartFromSnapshot.optional(),
  })
  .refine(
    (each) => each.restartFromSnapshot === undefined || !(each.sharedInstanceStorage || each.allowRebuildFromImage),
    {
      message:
        'would never be used: with sharedInstanceStorage no disk is lost, and allowRebuildFromImage evacuates all the same',
      path: ['restartFromSnapshot'],
    },
  );

const evacuation = z.strictObject({
  maxInFlight: z.int().min(1).max(5000).default(50),
  maxInFlightPerDestination: z.int().min(1).max(5000).default(10),
  /** Evacuate requests per instance, the first included. */
  maxAttempts: z.int().min(1).max(20).default(5),
  retryBaseSeconds: seconds(0, 3600).default(10),
  retryMaxSeconds: seconds(1, 86_400).default(300),
  /** After a request whose outcome nobody knows: wait this long for its migration to show before trying again. */
  settleSeconds: seconds(1, 3600).default(120),
  /** Pause between two looks at Nova while nothing can be granted. */
  pollSeconds: seconds(1, 60).default(2),
  /** An instance without an outcome after this long is handed to a person; its evacuation goes on in Nova. */
  deadlineSeconds: seconds(60, 7 * 86_400).default(6 * 3600),
});

/** One key for one thing: what Pacemaker calls reboot begins with the same power-off, and ends on the way back. */
const NO_ACTION =
  'there is no such key: a host that is fenced is switched off, and stays off until its evacuations have ended. ' +
  'For what Pacemaker calls reboot, say hostReturn: { mode: automatic, powerOn: after-evacuations }: a nova-compute that comes back sooner stops its instances, or starts second copies of them';

const fencing = z.strictObject({
  action: z.never(NO_ACTION).optional(),
  /** A proof older than this is renewed by another reading before the next evacuation leaves. */
  proofMaxAgeSeconds: seconds(30, 600).default(120),
  retryBaseSeconds: seconds(1, 3600).default(5),
  retryMaxSeconds: seconds(1, 86_400).default(300),
  /** When no fence device answers, people may confirm that the host is off (`salvor confirm-off`). */
  confirmOff: z
    .strictObject({
      /** So many must. 0: their word counts for nothing. */
      people: z.int().min(0).max(5).default(1),
      /** Their word counts for so long, and only while no device says on and nobody has seen the host up since. */
      maxAgeSeconds: seconds(60, 86_400).default(3600),
      /** Unique ids of roles each of whose sessions is a person of its own; of any other role all sessions are one. */
      sessionRoles: z
        .array(z.string().regex(/^AROA[A-Z0-9]{8,124}$/, 'the unique id of a role, such as AROAEXAMPLEID'))
        .default([]),
    })
    .prefault({}),
  /** A host whose hardware watchdog has had no lease for long enough is taken as reset, where this is given. */
  watchdog: z
    .strictObject({
      /** A host whose watchdog takes longer gets no lease. */
      maxTimeoutSeconds: seconds(5, 3600).default(120),
      /** From the moment at which the watchdog fires until nothing runs any more. */
      resetSeconds: seconds(1, 600).default(30),
    })
    .optional(),
});

const segment = z.strictObject({
  name,
  /** Which hosts belong to it; read live from Nova, so hosts added to or removed from it are protected or not at once. */
  hosts: z.union([
    z.strictObject({ availabilityZone: z.string().min(1) }),
    z.strictObject({ aggregate: z.string().min(1) }),
    z.strictObject({ names: z.array(hostName).min(1) }),
  ]),
  /** Hosts that it does not hold although the above says so. */
  except: z.array(hostName).optional(),
  /** `shadow` decides and records, but touches nothing. */
  mode: z.enum(['enforce', 'shadow']).default('enforce'),
  /** From the first credible report to the decision. An up report inside it ends the incident. */
  graceSeconds: seconds(0, 86_400).default(180),
  reporters: reporters.prefault({}),
  /** Nova itself must see the service as down before the host is fenced. */
  requireNovaDown: z.boolean().default(true),
  storm: storm(3).prefault({}),
  /** The segment keeps at least this many healthy hosts besides the failed one, or the failed one is held. */
  minHealthyHosts: z.int().min(1).default(3),
  instances: instances.prefault({}),
  order: order.prefault({}),
  destinations: destinations.prefault({}),
  evacuation: evacuation.prefault({}),
  fencing: fencing.prefault({}),
  dump: dump.prefault({}),
  hostReturn: hostReturn.prefault({}),
  /** Single instances that fail on a host that lives; recorded only, unless given. */
  instanceRecovery: instanceRecovery.optional(),
  /** Processes that stop on a host that lives; recorded only, unless given. */
  processRecovery: processRecovery.optional(),
});

/** Where a segment says nothing of itself. */
const segmentTemplate = segment.omit({ name: true, hosts: true, except: true });
export const segmentDefaults = segmentTemplate.parse({});
const roles = z.array(z.string().min(1).max(255)).min(1);

export const policySchema = z
  .strictObject({
    version: z.literal(1),
    cloud: z
      .strictObject({ name: name.default('default'), region: z.string().min(1).max(255).default('RegionOne') })
      .prefault({}),
    segments: z.array(segment).min(1).max(200),
    /** A host's own name, or `*` for every host without an entry of its own. */
    fenceDevices: fenceDevicesByHost,
    fenceNetworks: fenceNetworks.optional(),
    /** Who may report, of which hosts, and what. */
    reporters: reportersByName.optional(),
    /** The Masakari API. */
    masakari: z
      .strictObject({
        /** Who has one of these roles in the project of its Keystone token may do everything. */
        roles: roles.default(['admin']),
        /** The same for those who may send notifications, and nothing else. */
        reportRoles: roles.optional(),
        /** The same for those who may look at everything, and nothing else. */
        readRoles: roles.optional(),
        /** A segment without name and hosts: what segments get that are made through the API. Without it none can be made. */
        segmentDefaults: segmentTemplate.optional(),
      })
      .optional(),
    /** Who may look and steer by the API and the console; without it only whoever is on this machine. */
    access: access.optional(),
    /** Whom salvor tells of what becomes of a host; without it nobody but its log. */
    notify: notify.optional(),
    watch: watch.prefault({}),
    survey: survey.prefault({}),
    forecast: forecast.prefault({}),
    /** Reporters that are one source, as two of them are not independent. */
    reporterGroups: reporterGroups.optional(),
    failureDomains: failureDomains.prefault({}),
    settling: settling.prefault({}),
    observer: observer.prefault({}),
    heartbeats: heartbeats.prefault({}),
    dependencies: dependencies.prefault({}),
    maintenance: maintenance.prefault({}),
    switches: switches.prefault({}),
    /** Over all segments together. */
    global: z
      .strictObject({
        storm: storm(5).prefault({}),
        maxEvacuationsInFlight: z.int().min(1).max(5000).default(100),
      })
      .prefault({}),
    events: z
      .strictObject({
        /** A report older than this is recorded and not believed. */
        maxAgeSeconds: seconds(1, 86_400).default(900),
        /** Reporters' clocks may be ahead by this much; a report from further ahead is not believed. */
        maxAheadSeconds: seconds(0, 3600).default(60),
      })
      .prefault({}),
  })
  .superRefine((policy, context) => {
    const seen = new Map<string, string>();
    for (const [index, { name: segmentName, hosts, except }] of policy.segments.entries()) {
      const claims =
        'names' in hosts
          ? hosts.names.filter((host) => !except?.includes(host)).map((host) => `host ${host}`)
          : Object.entries(hosts).map((rule) => rule.join(' '));
      for (const claim of [`name ${segmentName}`, ...claims]) {
        const other = seen.get(claim);
        if (other !== undefined)
          context.addIssue({
            code: 'custom',
            path: ['segments', index],
            message: `${claim} is also in segment ${other}; segments must not overlap`,
          });
        seen.set(claim, segmentName);
      }
    }
    const template = policy.masakari?.segmentDefaults;
    const timed = [
      ...policy.segments.map((each, index) => ({ ...each, of: `segment ${each.name}`, path: ['segments', index] })),
      ...(template === undefined
        ? []
        : [{ ...template, of: 'segmentDefaults', path: ['masakari', 'segmentDefaults'] }]),
    ];
    for (const { of, path, fencing: each } of timed) {
      const fault = proofFault(policy.fenceDevices, each);
      if (fault !== undefined)
        context.addIssue({
          code: 'custom',
          path: [...path, 'fencing', 'proofMaxAgeSeconds'],
          message: `${of}: ${fault}`,
        });
    }
    for (const { of, path, graceSeconds, reporters: asked } of timed)
      if (asked.claimTtlSeconds <= graceSeconds)
        context.addIssue({
          code: 'custom',
          path: [...path, 'reporters', 'claimTtlSeconds'],
          message: `${of}: a report counts for ${asked.claimTtlSeconds} s, which ends before the grace period of ${graceSeconds} s does: nothing would ever be confirmed`,
        });
    for (const [reporter, message] of reporterFaults(policy.reporters ?? {}, policy.segments))
      context.addIssue({ code: 'custom', path: ['reporters', reporter], message });
    for (const [host, message] of [
      ...deviceFaults(policy.fenceDevices),
      ...networkFaults(policy.fenceDevices, policy.fenceNetworks ?? {}),
    ])
      context.addIssue({ code: 'custom', path: ['fenceDevices', host], message });
    for (const [path, message] of notifyFaults(policy))
      context.addIssue({ code: 'custom', path: ['notify', ...path], message });
    for (const [path, message] of accessFaults(policy)) context.addIssue({ code: 'custom', path: [...path], message });
  });

export type Policy = z.infer<typeof policySchema>;
export type Segment = Policy['segments'][number];
