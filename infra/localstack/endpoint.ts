/** The ids of the one environment that LocalStack gives to a key that names no account. */
export const LOCALSTACK_ENVIRONMENT = { account: '000000000000', region: 'us-east-1' } as const;

/**
 * The AWS_* variables that make an SDK or the CDK CLI talk to the LocalStack at an endpoint. The access key is in no
 * account; LocalStack takes the account 000000000000 for it. It holds the port, since the CDK CLI remembers the
 * account of each key.
 */
export function awsEnvironment(endpoint: string): Record<string, string> {
  const { region } = LOCALSTACK_ENVIRONMENT;
  return {
    AWS_ENDPOINT_URL: endpoint,
    AWS_REGION: region,
    AWS_DEFAULT_REGION: region,
    AWS_ACCESS_KEY_ID: `salvor-localstack-${new URL(endpoint).port}`,
    AWS_SECRET_ACCESS_KEY: 'none',
    AWS_EC2_METADATA_DISABLED: 'true',
  };
}

const REQUEST_TIMEOUT_MS = 2000;

/** True if a LocalStack answers at the endpoint. Never throws. */
export async function isHealthy(endpoint: string): Promise<boolean> {
  try {
    const response = await fetch(`${endpoint}/_localstack/health`, { signal: AbortSignal.timeout(REQUEST_TIMEOUT_MS) });
    return response.ok;
  } catch {
    return false;
  }
}
