import { GetSecretValueCommand, type SecretsManagerClient } from '@aws-sdk/client-secrets-manager';
import { PermanentError, RetryableError } from '#shared/errors.ts';
import type { Secrets } from '#shared/ports.ts';
import { flatRecord, isRecord } from './record.ts';

export interface SecretsManagerOptions {
  readonly client: Pick<SecretsManagerClient, 'send'>;
  /** Stands before each name, such as `salvor/`. Default: nothing. */
  readonly prefix?: string;
  /** How long a value is kept; default 300 000 ms. Failures are not kept. */
  readonly ttlMs?: number;
  /** Unix ms. */
  readonly now: () => number;
}

type Fields = Readonly<Record<string, string>>;

/** Secrets of AWS Secrets Manager (GetSecretValue): each one's SecretString is a JSON object of strings. */
export function secretsManagerSecrets(options: SecretsManagerOptions): Secrets {
  const { now, prefix = '', ttlMs = 300_000 } = options;
  const kept = new Map<string, { readonly untilMs: number; readonly fields: Promise<Fields> }>();
  return {
    get: (name) => {
      const hit = kept.get(name);
      if (hit !== undefined && now() < hit.untilMs) return hit.fields;
      const fields = fetchSecret(options.client, `${prefix}${name}`).catch((error: unknown) => {
        kept.delete(name);
        throw error;
      });
      kept.set(name, { untilMs: now() + ttlMs, fields });
      return fields;
    },
  };
}

/** What AWS calls these will be so next time (GetSecretValue, "Errors"). */
const PERMANENT = [
  'ResourceNotFoundException',
  'AccessDeniedException',
  'DecryptionFailure',
  'InvalidParameterException',
  'InvalidRequestException',
];

async function fetchSecret(client: SecretsManagerOptions['client'], id: string): Promise<Fields> {
  const where = `secret ${id} of Secrets Manager`;
  let text: string | undefined;
  try {
    text = (await client.send(new GetSecretValueCommand({ SecretId: id }))).SecretString;
  } catch (error) {
    const name = error instanceof Error ? error.name : 'unknown';
    if (PERMANENT.includes(name)) throw new PermanentError(`${where} can't be read: ${name}`);
    throw new RetryableError(`${where} can't be read now: ${name}`);
  }
  if (text === undefined) throw new PermanentError(`${where} is binary; a JSON object of strings is needed`);
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    throw new PermanentError(`${where} is not JSON; a JSON object of strings is needed`);
  }
  if (!isRecord(value)) throw new PermanentError(`${where} is not a JSON object of strings`);
  return flatRecord(value);
}
