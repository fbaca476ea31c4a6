import { loadCloud } from '#shared/adapters/openstack/clouds-yaml.ts';
import { fileSecrets } from '#shared/adapters/secrets/file.ts';
import { type Connection, connect } from '#shared/connect.ts';
import type { Policy } from '#shared/domain/policy.ts';
import type { Secrets } from '#shared/ports.ts';
import { readPolicy } from './policy-file.ts';

export interface SiteFiles {
  readonly policyFile: string;
  /** Holds the fence devices' credentials; mode 600. */
  readonly secretsFile: string;
  /** Cloud of clouds.yaml; default as openstacksdk chooses. */
  readonly cloudName?: string;
}

export interface OpenSite {
  readonly policy: Policy;
  readonly secrets: Secrets;
  readonly connection: Connection;
}

/**
 * What an operator has written down of a site. Nothing is asked of it yet.
 * @throws PermanentError that says what is wrong, where, and what to do.
 */
export function openSite({ policyFile, secretsFile, cloudName }: SiteFiles): OpenSite {
  const policy = readPolicy(policyFile);
  const cloud = loadCloud({
    env: process.env,
    workingDirectory: process.cwd(),
    ...(cloudName === undefined ? {} : { cloudName }),
    regionName: policy.cloud.region,
  });
  const secrets = fileSecrets(secretsFile);
  return { policy, secrets, connection: connect(cloud, secrets) };
}
