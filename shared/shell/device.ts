import { PermanentError } from '#shared/errors.ts';
import type { FenceDevice, FenceDeviceConfig } from '#shared/ports.ts';
import type { Services } from '#shared/services.ts';

/** A device as the policy has it, or why there is none: its secret or its CA is missing. */
export async function openDevice(
  { fencing }: Pick<Services, 'fencing'>,
  config: FenceDeviceConfig,
): Promise<FenceDevice | string> {
  try {
    return await fencing.device(config);
  } catch (error) {
    if (error instanceof PermanentError) return error.message;
    throw error;
  }
}
