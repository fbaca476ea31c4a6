/** salvor's embedded pipeline with its HTTP endpoint in a process of its own, on a durable state folder. */
import { silentLog } from '#cli/output.ts';
import { startHttpServer } from '#infra/embedded/http-server.ts';
import { startEmbedded } from '#infra/embedded/runtime.ts';
import { cloudFromSecret } from '#shared/adapters/openstack/cloud-config.ts';
import { systemChance, systemClock } from '#shared/adapters/system/clock.ts';
import { systemGuests } from '#shared/adapters/system/guests.ts';
import { connect } from '#shared/connect.ts';
import { policySchema } from '#shared/domain/policy.ts';
import type { CloudAddress } from './cloud-process.ts';

export interface HttpStart {
  readonly cloud: CloudAddress;
  readonly stateDir: string;
  readonly token: string;
}

process.once('message', async ({ cloud, stateDir, token }: HttpStart) => {
  const { id, secret } = cloud.applicationCredential;
  const auth = { auth_url: cloud.authUrl, application_credential_id: id, application_credential_secret: secret };
  const config = cloudFromSecret({ auth, auth_type: 'v3applicationcredential', region_name: cloud.region }, 'bench');
  const secrets = { get: async () => ({ token }) };
  const { compute, fencing, tokens } = connect(config, secrets);
  const policy = policySchema.parse({
    version: 1,
    cloud: { name: 'bench', region: cloud.region },
    watch: { everySeconds: 0 },
    // Its name is what users of the Masakari API count as.
    reporters: { masakari: { token: 'monitor', maxEventsPerMinute: 1_000_000 } },
    segments: [{ name: 'all', mode: 'shadow', hosts: { availabilityZone: 'nova' } }],
    fenceDevices: {},
  });
  const services = {
    compute,
    fencing,
    policy,
    clock: systemClock,
    chance: systemChance,
    guests: systemGuests,
    log: silentLog,
  };
  const embedded = await startEmbedded({ stateDir, port: 0, services });
  const http = await startHttpServer({ ...embedded.services, secrets, tokens }, { address: '127.0.0.1', port: 0 });
  process.send?.(http.url);
});
