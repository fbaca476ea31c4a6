import type { SeenServer } from '../seen.ts';

/** What a flavor may ask of a host besides memory and CPUs, and how a person would call it. */
const NEEDS: readonly { readonly key: RegExp; readonly says: (value: string, key: string) => string | undefined }[] = [
  { key: /^pci_passthrough:alias$/, says: (value) => `passed-through PCI devices (${value})` },
  { key: /^accel:device_profile$/, says: (value) => `an accelerator (device profile ${value})` },
  { key: /^resources\d*:VGPU$/, says: (value) => `${value} virtual GPUs` },
  { key: /^resources\d*:(?:PCPU|CUSTOM_\w+)$/, says: (value, key) => `${value} ${key.replace(/^.*:/, '')}` },
  {
    key: /^trait\d*:\w+$/,
    says: (value, key) => `a host ${value === 'forbidden' ? 'without' : 'with'} ${key.replace(/^.*:/, '')}`,
  },
  { key: /^hw:cpu_policy$/, says: (value) => (value === 'shared' ? undefined : `CPUs of its own (${value})`) },
  { key: /^hw:numa_nodes$/, says: (value) => `${value} NUMA nodes` },
  {
    key: /^hw:mem_page_size$/,
    says: (value) => (value === 'small' || value === 'any' ? undefined : `memory pages of ${value}`),
  },
  { key: /^hw:pmem$/, says: (value) => `persistent memory (${value})` },
  { key: /^hw:mem_encryption$/, says: (value) => (/^(true|yes|1)$/i.test(value) ? 'encrypted memory' : undefined) },
];

/**
 * What Nova's scheduler must find on the destination, and salvor can't see: devices and the shape of hosts are in Placement
 * and in Nova's own tables. Extra specs as Nova documents them (admin/…/flavors, extra specs).
 */
export function needsOf({ extraSpecs }: Pick<SeenServer, 'extraSpecs'>): readonly string[] {
  return Object.entries(extraSpecs).flatMap(([key, value]) => {
    const need = NEEDS.find((each) => each.key.test(key))?.says(value, key);
    return need === undefined ? [] : [need];
  });
}

/** Whether an extra spec says anything to a forecast. */
export const isNeed = (key: string): boolean => NEEDS.some((each) => each.key.test(key));
