import * as z from 'zod';
import type { PowerReading } from '#shared/ports.ts';

/**
 * What Metal3's baremetal-operator keeps of a machine (`metal3.io/v1alpha1`, BareMetalHost), and what of it counts.
 *
 * `status.poweredOn` is a record of a record: the operator compares it with Ironic about once a minute, Ironic with the
 * BMC about once a minute, and nothing tells when. So an "off" is proof only once it answers a request of ours:
 * - The request (one merge patch) sets `spec.online: false`, the annotation `reboot.metal3.io` with mode `hard`, which
 *   makes the power-off a hard one and at once, and a mark of our own with the generation that the spec then has.
 * - The operator takes the annotation away only after it has read Ironic's power state anew and `poweredOn` is false
 *   (`manageHostPower`; the user guide, "Reboot annotation"). That is its receipt.
 * - The mark is void as soon as anybody changes the spec: switching the host on again, above all.
 * A host that was found off is said to be on until it was asked so, as nothing else would make its record new.
 *
 * What is left to trust: Ironic's minute (see `ironic/node.ts`), and that an operator that cannot tell the power says so
 * in the condition `Manageable`, which those from before 2026 do not have.
 */

export const REBOOT = 'reboot.metal3.io';
export const HARD = JSON.stringify({ mode: 'hard' });
export const MARK = 'salvor/power-off';
const PAUSED = 'baremetalhost.metal3.io/paused';
const DETACHED = 'baremetalhost.metal3.io/detached';

export const hostSchema = z.looseObject({
  metadata: z.looseObject({
    uid: z.string(),
    generation: z.int(),
    resourceVersion: z.string(),
    annotations: z.record(z.string(), z.string()).optional(),
    deletionTimestamp: z.string().optional(),
  }),
  spec: z.looseObject({ online: z.boolean().default(false), disablePowerOff: z.boolean().default(false) }),
  status: z
    .looseObject({
      poweredOn: z.boolean().optional(),
      operationalStatus: z.string().optional(),
      errorMessage: z.string().optional(),
      conditions: z
        .array(z.looseObject({ type: z.string(), status: z.string(), reason: z.string().optional() }))
        .optional(),
    })
    .optional(),
});

export type BareMetalHost = z.infer<typeof hostSchema>;

const markSchema = z.looseObject({ generation: z.int() });

/** Why Metal3 does nothing about the machine's power, or not what it is asked; undefined when it does. */
export function neglectOf({ metadata, spec, status }: BareMetalHost): string | undefined {
  const { annotations = {}, deletionTimestamp } = metadata;
  if (Object.hasOwn(annotations, PAUSED)) return 'Metal3 does not look after the host: it is paused';
  if (Object.hasOwn(annotations, DETACHED) || status?.operationalStatus === 'detached')
    return 'Metal3 does not look after the host: it is detached';
  if (deletionTimestamp !== undefined) return 'the host is being deleted from Metal3';
  // It then reboots what it should switch off, and says that it is off.
  if (spec.disablePowerOff) return 'the host has disablePowerOff';
  return undefined;
}

export function powerOf(host: BareMetalHost): Pick<PowerReading, 'power' | 'detail'> {
  const { metadata, spec, status } = host;
  const neglect = neglectOf(host);
  const said = `poweredOn ${status?.poweredOn ?? 'missing'}${status?.errorMessage ? ` (${status.errorMessage})` : ''}`;
  const unknown = (why: string) => ({ power: 'unknown', detail: `${said}, but ${why}` }) as const;
  if (neglect !== undefined) return unknown(neglect);
  if (status?.poweredOn === undefined) return { power: 'unknown', detail: said };
  if (status.poweredOn) return { power: 'on', detail: said };
  const lost = status.conditions?.find(({ type, status: is }) => type === 'Manageable' && is === 'False');
  if (lost !== undefined) return unknown(`Metal3 cannot tell: ${lost.reason ?? 'not manageable'}`);
  const { annotations = {}, generation } = metadata;
  const isAsked = !spec.online && markedGeneration(annotations[MARK]) === generation;
  if (!isAsked) return { power: 'on', detail: `${said}, not believed before salvor has asked for it` };
  if (Object.hasOwn(annotations, REBOOT)) return unknown('Metal3 has not looked since it was asked');
  return { power: 'off', detail: `${said}, seen by Metal3 since it was asked` };
}

/** The one change that powers off. With its `resourceVersion` it is refused (409) where the host has changed meanwhile. */
export function powerOffPatch({ metadata, spec }: BareMetalHost, at: Date): object {
  const generation = spec.online ? metadata.generation + 1 : metadata.generation;
  const mark = JSON.stringify({ generation, at: at.toISOString() });
  return {
    metadata: { resourceVersion: metadata.resourceVersion, annotations: { [REBOOT]: HARD, [MARK]: mark } },
    spec: { online: false },
  };
}

/**
 * The one change that powers on again. It takes back what was asked for the power-off: an annotation that is still there
 * would have the host switched off, and a mark would speak of a spec that is no more.
 */
export const powerOnPatch = ({ metadata }: BareMetalHost): object => ({
  metadata: { resourceVersion: metadata.resourceVersion, annotations: { [REBOOT]: null, [MARK]: null } },
  spec: { online: true },
});

/** By the record itself: `powerOf` says on of a host whose record is not believed, too. */
export const isOn = ({ status }: BareMetalHost): boolean => status?.poweredOn === true;

function markedGeneration(mark: string | undefined): number | undefined {
  try {
    return markSchema.safeParse(JSON.parse(mark ?? 'null')).data?.generation;
  } catch {
    return undefined;
  }
}
