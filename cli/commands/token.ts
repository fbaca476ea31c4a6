import { Command, Option } from 'commander';
import { readPolicy } from '#infra/site/policy-file.ts';
import { fileSecrets } from '#shared/adapters/secrets/file.ts';
import { PermanentError } from '#shared/errors.ts';
import { print, printJson } from '../output.ts';
import { policyOption, secretsOption } from './site-options.ts';

/** `salvor token`: what a host sends to prove that it is this one. Nothing is kept: it follows from the key and the name. */
export function tokenCommand(): Command {
  return new Command('token')
    .description("print a host's own token, by which it may report about itself")
    .argument('<host>', "Nova's service host name")
    .addOption(policyOption())
    .addOption(secretsOption())
    .addOption(new Option('--reporter <name>', "the policy's reporter with hostTokens, if it has several"))
    .option('--json', 'print JSON')
    .action(async (host: string, { policy, secrets, reporter, json }) => {
      const name = hostTokensOf(readPolicy(policy).reporters ?? {}, reporter);
      const { key } = await fileSecrets(secrets).get(name);
      if (key === undefined) throw new PermanentError(`secret ${name} needs key`);
      const { hostToken } = await import('#shared/ingest/authenticate.ts');
      const token = hostToken(key, host);
      if (json) printJson({ host, token });
      else print(token);
    });
}

function hostTokensOf(
  reporters: Readonly<Record<string, { readonly hostTokens?: string | undefined }>>,
  wanted: string | undefined,
): string {
  const found = Object.entries(reporters).flatMap(([name, { hostTokens }]) =>
    hostTokens === undefined || (wanted !== undefined && wanted !== name) ? [] : [{ name, hostTokens }],
  );
  const [only, ...others] = found;
  if (only === undefined) throw new PermanentError('the policy has no such reporter with hostTokens');
  if (others.length > 0)
    throw new PermanentError(`choose with --reporter: ${found.map(({ name }) => name).join(', ')} have hostTokens`);
  return only.hostTokens;
}
