import { SecretsManagerClient } from '@aws-sdk/client-secrets-manager';
import { cloudFromSecret } from '#shared/adapters/openstack/cloud-config.ts';
import { secretsManagerSecrets } from '#shared/adapters/secrets/secrets-manager.ts';
import { systemClock } from '#shared/adapters/system/clock.ts';
import { connect } from '#shared/connect.ts';
import type { CloudAccess, Compute, Fencing, KeystoneTokens } from '#shared/ports.ts';

export interface CloudSource {
  readonly cloudSecret: string;
  readonly secretPrefix: string;
}

export interface OpenedCloud {
  readonly compute: Compute;
  readonly fencing: Fencing;
  readonly tokens: KeystoneTokens;
  readonly access: CloudAccess;
}

/**
 * The cloud whose credentials are in Secrets Manager, and fence devices with theirs there.
 * @throws PermanentError when the secret is missing or not a cloud's, RetryableError when it can't be read now.
 */
export async function openCloud({ cloudSecret, secretPrefix }: CloudSource): Promise<OpenedCloud> {
  const client = new SecretsManagerClient({});
  const cloudSecrets = secretsManagerSecrets({ client, now: systemClock.now });
  const cloud = cloudFromSecret(await cloudSecrets.get(cloudSecret), cloudSecret);
  const deviceSecrets = secretsManagerSecrets({ client, prefix: secretPrefix, now: systemClock.now });
  const { compute, fencing, tokens, access } = connect(cloud, deviceSecrets);
  return { compute, fencing, tokens, access };
}
