import type { ComputeService } from '#shared/ports.ts';

/** Fit to take instances: up, enabled and not forced down. */
export const isHealthy = (service: ComputeService): boolean =>
  service.state === 'up' && service.status === 'enabled' && !service.forcedDown;
