import type { ForecastServer } from './view.ts';

type Says = (value: string, key: string) => string | undefined;

const isTrue = (value: string): boolean => /^(true|yes|on|1)$/i.test(value);
const cpus: Says = (value) => (value === 'shared' ? undefined : `CPUs of its own (${value})`);
const pages: Says = (value) => (value === 'small' || value === 'any' ? undefined : `memory pages of ${value}`);
const encrypted: Says = (value) => (isTrue(value) ? 'encrypted memory' : undefined);
const secureBoot: Says = (value) => (value === 'required' ? 'Secure Boot' : undefined);
const trait: Says = (value, key) => `a host ${value === 'forbidden' ? 'without' : 'with'} ${key.replace(/^.*:/, '')}`;

/** What a flavor may ask of a host besides memory and CPUs, and how a person would call it. */
const OF_FLAVORS: readonly { readonly key: RegExp; readonly says: Says }[] = [
  { key: /^pci_passthrough:alias$/, says: (value) => `passed-through PCI devices (${value})` },
  { key: /^accel:device_profile$/, says: (value) => `an accelerator (device profile ${value})` },
  { key: /^resources\d*:VGPU$/, says: (value) => `${value} virtual GPUs` },
  { key: /^resources\d*:(?:PCPU|CUSTOM_\w+)$/, says: (value, key) => `${value} ${key.replace(/^.*:/, '')}` },
  { key: /^trait\d*:\w+$/, says: trait },
  { key: /^hw:cpu_policy$/, says: cpus },
  { key: /^hw:numa_nodes$/, says: (value) => `${value} NUMA nodes` },
  { key: /^hw:mem_page_size$/, says: pages },
  { key: /^hw:pmem$/, says: (value) => `persistent memory (${value})` },
  { key: /^hw:mem_encryption$/, says: encrypted },
  { key: /^os:secure_boot$/, says: secureBoot },
];

/** The same that an image may ask for. */
const OF_IMAGES: typeof OF_FLAVORS = [
  { key: /^trait\d*:\w+$/, says: trait },
  { key: /^hw_cpu_policy$/, says: cpus },
  { key: /^hw_numa_nodes$/, says: (value) => `${value} NUMA nodes` },
  { key: /^hw_mem_page_size$/, says: pages },
  { key: /^hw_mem_encryption$/, says: encrypted },
  { key: /^os_secure_boot$/, says: secureBoot },
];

/** Ports that are a device of the host, or a part of one. Any other is a matter of the network agents. */
const DEVICES: readonly string[] = [
  'direct',
  'direct-physical',
  'macvtap',
  'vdpa',
  'remote-managed',
  'virtio-forwarder',
];
const ACCELERATED = /^accelerator-/;

/**
 * What Nova's scheduler must find on the destination, and salvor can't see: devices and the shape of hosts are in Placement
 * and in Nova's own tables. Extra specs and image properties as Nova documents them (admin/…/flavors, extra specs), ports as
 * Neutron does (binding:vnic_type).
 */
export function needsOf({
  extraSpecs,
  imageProperties = {},
  ports = [],
}: Pick<ForecastServer, 'extraSpecs' | 'imageProperties' | 'ports'>): readonly string[] {
  const devices = ports.map(({ vnicType }) => vnicType).filter((type) => DEVICES.includes(type));
  const guaranteed = ports.filter(({ isGuaranteed }) => isGuaranteed).length;
  return [
    ...saidBy(OF_FLAVORS, extraSpecs),
    ...saidBy(OF_IMAGES, imageProperties),
    ...[...Map.groupBy(devices, String)].map(([type, all]) => `${all.length} network devices (${type})`),
    ...(guaranteed === 0 ? [] : [`guaranteed bandwidth of ${guaranteed} ports`]),
  ];
}

function saidBy(needs: typeof OF_FLAVORS, said: Readonly<Record<string, string>>): readonly string[] {
  return Object.entries(said).flatMap(([key, value]) => {
    const need = needs.find((each) => each.key.test(key))?.says(value, key);
    return need === undefined ? [] : [need];
  });
}

/** Why Nova refuses to evacuate it, whatever its host's state (nova/compute/api.py); undefined where salvor knows of nothing. */
export function refusedFor({ ports = [] }: Pick<ForecastServer, 'ports'>): string | undefined {
  return ports.some(({ vnicType }) => ACCELERATED.test(vnicType))
    ? 'it has a port with an accelerator, and Nova evacuates no such instance'
    : undefined;
}

/** Whether an extra spec says anything to a forecast. */
export const isNeed = (key: string): boolean => OF_FLAVORS.some((each) => each.key.test(key));
/** The same of a property of its image. */
export const isImageNeed = (key: string): boolean => OF_IMAGES.some((each) => each.key.test(key));
/** And of a port. */
export const isPortNeed = ({ vnicType, isGuaranteed }: NonNullable<ForecastServer['ports']>[number]): boolean =>
  isGuaranteed || DEVICES.includes(vnicType) || ACCELERATED.test(vnicType);
