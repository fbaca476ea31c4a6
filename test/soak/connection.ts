import { cloudFromSecret } from '#shared/adapters/openstack/cloud-config.ts';
import { type Connection, connect } from '#shared/connect.ts';
import type { CloudAddress } from './points.ts';

/** To a simulated cloud, as any salvor would have it. */
export function connectionTo({ authUrl, region, applicationCredential, bmcCredentials }: CloudAddress): Connection {
  const { id, secret } = applicationCredential;
  const auth = { auth_url: authUrl, application_credential_id: id, application_credential_secret: secret };
  const cloud = cloudFromSecret({ auth, auth_type: 'v3applicationcredential', region_name: region }, 'soak');
  return connect(cloud, { get: async () => ({ ...bmcCredentials }) });
}
