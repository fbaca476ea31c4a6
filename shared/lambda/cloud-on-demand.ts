import { PermanentError } from '#shared/errors.ts';
import type { Answer, Compute } from '#shared/ports.ts';
import type { OpenedCloud } from './open-cloud.ts';

/**
 * Opens the cloud at its first use, so that functions which ask nothing of it need neither its code nor its secret.
 * Forgets it when opening fails and when the login is refused: the secret may have been changed since.
 */
export function cloudOnDemand(open: () => Promise<OpenedCloud>): OpenedCloud {
  let opened: Promise<OpenedCloud> | undefined;
  const forget = (cloud: Promise<OpenedCloud>): void => {
    // Another caller may have opened it anew already.
    if (opened === cloud) opened = undefined;
  };
  async function use<T>(work: (cloud: OpenedCloud) => Promise<T>, isRefused = (_: T) => false): Promise<T> {
    opened ??= open();
    const cloud = opened;
    let ready: OpenedCloud;
    try {
      ready = await cloud;
    } catch (error) {
      forget(cloud);
      throw error;
    }
    try {
      const result = await work(ready);
      if (isRefused(result)) forget(cloud);
      return result;
    } catch (error) {
      if (error instanceof PermanentError) forget(cloud);
      throw error;
    }
  }
  const read =
    <Arguments extends readonly unknown[], T>(method: (compute: Compute) => (...given: Arguments) => Promise<T>) =>
    (...given: Arguments): Promise<T> =>
      use(({ compute }) => method(compute)(...given));
  const change =
    <Arguments extends readonly unknown[]>(method: (compute: Compute) => (...given: Arguments) => Promise<Answer>) =>
    (...given: Arguments): Promise<Answer> =>
      use(({ compute }) => method(compute)(...given), isLoginRefused);
  return {
    compute: {
      services: read((compute) => compute.services),
      service: read((compute) => compute.service),
      hypervisors: read((compute) => compute.hypervisors),
      aggregates: read((compute) => compute.aggregates),
      serverGroups: read((compute) => compute.serverGroups),
      serversOn: read((compute) => compute.serversOn),
      server: read((compute) => compute.server),
      image: read((compute) => compute.image),
      snapshotsOf: read((compute) => compute.snapshotsOf),
      portsOn: read((compute) => compute.portsOn),
      evacuationsFrom: read((compute) => compute.evacuationsFrom),
      serverActions: read((compute) => compute.serverActions),
      unfinishedMigrationsOf: read((compute) => compute.unfinishedMigrationsOf),
      health: read((compute) => compute.health),
      liveMigrationsOf: read((compute) => compute.liveMigrationsOf),
      forceDown: change((compute) => compute.forceDown),
      forceUp: change((compute) => compute.forceUp),
      addToAggregate: change((compute) => compute.addToAggregate),
      removeFromAggregate: change((compute) => compute.removeFromAggregate),
      evacuate: change((compute) => compute.evacuate),
      disableService: change((compute) => compute.disableService),
      enableService: change((compute) => compute.enableService),
      rebootHard: change((compute) => compute.rebootHard),
      rebuild: change((compute) => compute.rebuild),
      migrate: change((compute) => compute.migrate),
      confirmResize: change((compute) => compute.confirmResize),
      liveMigrate: change((compute) => compute.liveMigrate),
      resetStateToActive: change((compute) => compute.resetStateToActive),
    },
    fencing: { device: (config) => use(({ fencing }) => fencing.device(config)) },
    access: {
      certificates: () => use(({ access }) => access.certificates()),
      account: () => use(({ access }) => access.account()),
    },
    tokens: {
      uri: () => use(({ tokens }) => tokens.uri()),
      check: (token) => use(({ tokens }) => tokens.check(token)),
      signIn: (login) => use(({ tokens }) => tokens.signIn(login)),
    },
  };
}

/** A change is never thrown at its caller. Status 0: it was not sent, for want of a token or of a connection. */
const isLoginRefused = (answer: Answer): boolean =>
  answer.kind === 'refused' && [0, 401, 403].includes(answer.httpStatus);
