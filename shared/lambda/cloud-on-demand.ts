import { PermanentError } from '#shared/errors.ts';
import type { Compute } from '#shared/ports.ts';
import type { OpenedCloud } from './open-cloud.ts';

/**
 * Opens the cloud at its first use, so that functions which ask nothing of it need neither its code nor its secret.
 * Forgets it when opening fails and when the credentials are refused: the secret may have been changed since.
 */
export function cloudOnDemand(open: () => Promise<OpenedCloud>): OpenedCloud {
  let opened: Promise<OpenedCloud> | undefined;
  const cloud = (): Promise<OpenedCloud> => {
    opened ??= open().catch((error: unknown) => {
      opened = undefined;
      throw error;
    });
    return opened;
  };
  async function use<T>(work: (cloud: OpenedCloud) => Promise<T>): Promise<T> {
    try {
      return await work(await cloud());
    } catch (error) {
      if (error instanceof PermanentError) opened = undefined;
      throw error;
    }
  }
  const ask =
    <Arguments extends readonly unknown[], T>(method: (compute: Compute) => (...given: Arguments) => Promise<T>) =>
    (...given: Arguments): Promise<T> =>
      use(({ compute }) => method(compute)(...given));
  return {
    compute: {
      services: ask((compute) => compute.services),
      service: ask((compute) => compute.service),
      hypervisors: ask((compute) => compute.hypervisors),
      aggregates: ask((compute) => compute.aggregates),
      serversOn: ask((compute) => compute.serversOn),
      server: ask((compute) => compute.server),
      evacuationsFrom: ask((compute) => compute.evacuationsFrom),
      unfinishedMigrationsOf: ask((compute) => compute.unfinishedMigrationsOf),
      forceDown: ask((compute) => compute.forceDown),
      evacuate: ask((compute) => compute.evacuate),
      resetStateToActive: ask((compute) => compute.resetStateToActive),
    },
    fencing: { device: (config) => use(({ fencing }) => fencing.device(config)) },
  };
}
