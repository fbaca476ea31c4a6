import { SecretsManagerClient } from '@aws-sdk/client-secrets-manager';
import { cloudFromSecret } from '#shared/adapters/openstack/cloud-config.ts';
import { secretsManagerSecrets } from '#shared/adapters/secrets/secrets-manager.ts';
import { systemClock } from '#shared/adapters/system/clock.ts';
import { connect } from '#shared/connect.ts';
import type { Compute, Fencing } from '#shared/ports.ts';

/**
 * The cloud whose credentials are in Secrets Manager, and fence devices with theirs there.
 * @throws PermanentError when the secret is missing or not a cloud's.
 */
export async function openCloud({
  cloudSecret,
  secretPrefix,
}: {
  readonly cloudSecret: string;
  readonly secretPrefix: string;
}): Promise<{ compute: Compute; fencing: Fencing }> {
  const client = new SecretsManagerClient({});
  const cloudSecrets = secretsManagerSecrets({ client, now: systemClock.now });
  const cloud = cloudFromSecret(await cloudSecrets.get(cloudSecret), cloudSecret);
  const { compute, fencing } = connect(
    cloud,
    secretsManagerSecrets({ client, prefix: secretPrefix, now: systemClock.now }),
  );
  return { compute, fencing };
}
