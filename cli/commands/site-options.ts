import { Option } from 'commander';

/** What names a site, for every command that opens one. */
export const policyOption = (): Option =>
  new Option('--policy <file>', 'the policy, YAML or JSON').env('SALVOR_POLICY').default('policy.yaml');

export const secretsOption = (): Option =>
  new Option('--secrets <file>', "the fence devices' credentials, mode 600")
    .env('SALVOR_SECRETS')
    .default('secrets.yaml');

export const cloudOption = (): Option => new Option('--cloud <name>', 'cloud of clouds.yaml').env('OS_CLOUD');
