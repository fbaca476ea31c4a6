import { fencing } from '#shared/adapters/fencing/registry.ts';
import { cloudAccess } from '#shared/adapters/openstack/access.ts';
import { bareMetal } from '#shared/adapters/openstack/bare-metal.ts';
import type { CloudConfig } from '#shared/adapters/openstack/cloud-config.ts';
import { openStackHttp } from '#shared/adapters/openstack/http.ts';
import { keystoneSession, type Session } from '#shared/adapters/openstack/keystone.ts';
import { novaCompute } from '#shared/adapters/openstack/nova.ts';
import { keystoneTokens } from '#shared/adapters/openstack/tokens.ts';
import { systemChance, systemClock } from '#shared/adapters/system/clock.ts';
import type { ShownCertificate } from '#shared/http/connector.ts';
import type { CloudAccess, Compute, Fencing, KeystoneTokens, Secrets } from '#shared/ports.ts';
import { VERSION } from './version.ts';

/** A cloud with its fence devices. Nothing is asked of them before the first call. */
export interface Connection {
  readonly compute: Compute;
  readonly fencing: Fencing;
  readonly session: Session;
  readonly tokens: KeystoneTokens;
  readonly access: CloudAccess;
  close(): Promise<void>;
}

/** Enough for what one policy may have in flight; Nova's own workers are the limit. */
const CONNECTIONS = 64;

/** One Keystone session for the whole process: one token, shared and renewed. */
export function connect(cloud: CloudConfig, secrets: Secrets): Connection {
  const shown = new Map<string, ShownCertificate>();
  const http = openStackHttp({
    version: VERSION,
    random: systemChance.random,
    maxConnections: CONNECTIONS,
    insecureTls: cloud.insecureTls,
    onCertificate: (certificate, origin) => shown.set(origin, certificate),
    ...(cloud.caPem === undefined ? {} : { caPem: cloud.caPem }),
  });
  const session = keystoneSession({ cloud, http, now: systemClock.now });
  return {
    session,
    tokens: keystoneTokens({ session, now: systemClock.now }),
    access: cloudAccess(session, shown),
    compute: novaCompute({ session, now: systemClock.now }),
    fencing: fencing({ secrets, version: VERSION, bareMetal: bareMetal(session) }),
    close: () => http.close(),
  };
}
