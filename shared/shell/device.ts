import type { fenceDeviceOf } from '#shared/domain/fence-device.ts';
import { PermanentError } from '#shared/errors.ts';
import type { FenceDevice, FenceDeviceConfig } from '#shared/ports.ts';
import type { Services } from '#shared/services.ts';

/** A device as the policy has it, or why there is none: its secret or its CA is missing. */
export async function openDevice(
  { fencing }: Pick<Services, 'fencing'>,
  { systemUuid, caFile, insecureTls, ...config }: NonNullable<ReturnType<typeof fenceDeviceOf>>,
): Promise<FenceDevice | string> {
  const device: FenceDeviceConfig = {
    ...config,
    ...(systemUuid === undefined ? {} : { systemUuid }),
    ...(caFile === undefined ? {} : { caFile }),
    ...(insecureTls === undefined ? {} : { insecureTls }),
  };
  try {
    return await fencing.device(device);
  } catch (error) {
    if (error instanceof PermanentError) return error.message;
    throw error;
  }
}
