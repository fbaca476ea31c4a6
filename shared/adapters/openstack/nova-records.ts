import * as z from 'zod';
import type {
  Aggregate,
  ComputeService,
  Hypervisor,
  Migration,
  Server,
  ServerAction,
  ServerAddress,
  ServerGroup,
} from '#shared/ports.ts';

/**
 * Nova's records, read for the fields that a decision needs (Compute API reference). A record of a cell that is down
 * lacks most of them and fails here: what Nova does not know must not pass for what is not there.
 */

export const serviceSchema = z
  .looseObject({
    id: z.string(),
    host: z.string(),
    zone: z.string(),
    status: z.enum(['enabled', 'disabled']),
    disabled_reason: z.string().nullish(),
    state: z.enum(['up', 'down']),
    forced_down: z.boolean(),
    updated_at: z.string().nullish(),
  })
  .transform(
    ({ id, host, zone, status, disabled_reason, state, forced_down, updated_at }): ComputeService => ({
      id,
      host,
      zone,
      status,
      disabledReason: disabled_reason ?? null,
      state,
      forcedDown: forced_down,
      lastReportAtMs: unixMsOf(updated_at),
    }),
  );

/** Nova's times are UTC, and do not say so. */
function unixMsOf(time: string | null | undefined): number | null {
  const ms = Date.parse(`${time ?? ''}Z`);
  return Number.isNaN(ms) ? null : ms;
}

export const hypervisorSchema = z
  .looseObject({
    service: z.looseObject({ host: z.string() }),
    memory_mb: z.number(),
    memory_mb_used: z.number(),
    vcpus: z.number(),
    vcpus_used: z.number(),
  })
  .transform(
    ({ service, memory_mb, memory_mb_used, vcpus, vcpus_used }): Hypervisor => ({
      serviceHost: service.host,
      memoryMb: memory_mb,
      memoryUsedMb: memory_mb_used,
      vcpus,
      vcpusUsed: vcpus_used,
    }),
  );

export const aggregateSchema = z
  .looseObject({
    id: z.int(),
    name: z.string(),
    availability_zone: z.string().nullable(),
    hosts: z.array(z.string()),
    metadata: z.record(z.string(), z.string()),
  })
  .transform(
    ({ id, name, availability_zone, hosts, metadata }): Aggregate => ({
      id,
      name,
      availabilityZone: availability_zone,
      hosts,
      metadata,
    }),
  );

const groupPolicy = z.enum(['affinity', 'anti-affinity', 'soft-affinity', 'soft-anti-affinity']);

/** From 2.64 on a group has one policy with rules; before, a list of one. */
export const serverGroupSchema = z
  .looseObject({
    id: z.string(),
    policy: groupPolicy.optional(),
    policies: z.array(groupPolicy).optional(),
    rules: z.looseObject({ max_server_per_host: z.coerce.number().int().min(1).optional() }).optional(),
    members: z.array(z.string()),
  })
  .transform(({ id, policy, policies, rules, members }, context): ServerGroup => {
    const [only = policy] = policies ?? [];
    if (only === undefined) context.addIssue({ code: 'custom', message: 'a server group without a policy' });
    return { id, policy: only ?? 'anti-affinity', maxPerHost: rules?.max_server_per_host ?? 1, members };
  });

export const migrationSchema = z
  .looseObject({
    id: z.int(),
    instance_uuid: z.string(),
    source_compute: z.string(),
    dest_compute: z.string().nullable(),
    status: z.string(),
    migration_type: z.string(),
    created_at: z.string(),
  })
  .transform((record): Migration & { readonly type: string } => ({
    id: record.id,
    instanceId: record.instance_uuid,
    sourceHost: record.source_compute,
    destinationHost: record.dest_compute,
    status: record.status,
    createdAt: record.created_at,
    type: record.migration_type,
  }));

export const serverActionSchema = z
  .looseObject({ action: z.string(), request_id: z.string(), user_id: z.string().nullable() })
  .transform(({ action, request_id, user_id }): ServerAction => ({ action, requestId: request_id, userId: user_id }));

/** Some releases say "" for no swap and no ephemeral disk. */
const size = z.union([z.number(), z.literal('').transform(() => 0)]);

const address = z.looseObject({ addr: z.string(), 'OS-EXT-IPS:type': z.enum(['fixed', 'floating']).default('fixed') });

/** By network; in the order in which Nova has them. */
export const addressesSchema = z
  .record(z.string(), z.array(address))
  .transform((networks) =>
    Object.entries(networks).flatMap(([network, all]) =>
      all.map((each): ServerAddress => ({ network, address: each.addr, kind: each['OS-EXT-IPS:type'] })),
    ),
  );

export const serverSchema = z
  .looseObject({
    id: z.string(),
    name: z.string(),
    tenant_id: z.string(),
    // Only administrators see where an instance is: without the role this field is missing.
    'OS-EXT-SRV-ATTR:host': z.string({ error: 'missing, as it is for credentials without the role admin' }).nullable(),
    status: z.string(),
    'OS-EXT-STS:vm_state': z.string(),
    'OS-EXT-STS:task_state': z.string().nullable(),
    'OS-EXT-STS:power_state': z.number(),
    locked: z.boolean(),
    metadata: z.record(z.string(), z.string()),
    fault: z.looseObject({ message: z.string() }).nullish(),
    addresses: addressesSchema,
    pinned_availability_zone: z.string().nullish(),
    /** "" when the root disk is a volume. */
    image: z.union([
      z.looseObject({ id: z.string(), properties: z.record(z.string(), z.unknown()).optional() }),
      z.literal(''),
    ]),
    flavor: z.looseObject({
      ram: z.number(),
      vcpus: z.number(),
      ephemeral: size,
      swap: size,
      original_name: z.string(),
      /** Missing if the policy hides it. */
      extra_specs: z.record(z.string(), z.string()).optional(),
    }),
  })
  .transform(
    (record): Server => ({
      id: record.id,
      name: record.name,
      projectId: record.tenant_id,
      host: record['OS-EXT-SRV-ATTR:host'],
      status: record.status,
      vmState: record['OS-EXT-STS:vm_state'],
      taskState: record['OS-EXT-STS:task_state'],
      powerState: record['OS-EXT-STS:power_state'],
      locked: record.locked,
      metadata: record.metadata,
      fault: record.fault?.message ?? null,
      memoryMb: record.flavor.ram,
      vcpus: record.flavor.vcpus,
      flavorName: record.flavor.original_name,
      extraSpecs: record.flavor.extra_specs ?? {},
      addresses: record.addresses,
      imageId: record.image === '' ? null : record.image.id,
      localDisks: {
        root: record.image !== '',
        ephemeralGb: record.flavor.ephemeral,
        swapMb: record.flavor.swap,
        vtpm:
          record.flavor.extra_specs?.['hw:tpm_version'] !== undefined ||
          (record.image !== '' && record.image.properties?.hw_tpm_version !== undefined),
      },
      ...(record.image === '' || record.image.properties === undefined
        ? {}
        : { imageProperties: textsOf(record.image.properties) }),
      ...(record.pinned_availability_zone === undefined ? {} : { pinnedZone: record.pinned_availability_zone }),
    }),
  );

const textsOf = (properties: Readonly<Record<string, unknown>>): Readonly<Record<string, string>> =>
  Object.fromEntries(
    Object.entries(properties).filter((each): each is [string, string] => typeof each[1] === 'string'),
  );
