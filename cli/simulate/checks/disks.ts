import type { Segment } from '#shared/domain/policy.ts';
import type { SimServer } from '#sim/world/types.ts';

/** What an evacuation would take from the instance for good, by its segment's policy; undefined when nothing. */
export function lossOf({ imageId, flavor }: SimServer, { instances }: Segment): string | undefined {
  if (flavor.extraSpecs['hw:tpm_version'] !== undefined) return 'has a vTPM';
  const isLocal = imageId !== null || flavor.ephemeralGb > 0 || flavor.swapMb > 0;
  return isLocal && !instances.sharedInstanceStorage && !instances.allowRebuildFromImage
    ? 'has local disks'
    : undefined;
}
