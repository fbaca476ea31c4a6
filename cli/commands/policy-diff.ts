import { Command } from 'commander';
import { readPolicy } from '#infra/site/policy-file.ts';
import { type PolicyChange, policyChanges } from '#shared/domain/policy-diff.ts';
import { print, printJson } from '../output.ts';
import { policyOption } from './site-options.ts';

/** `salvor policy diff`: what another policy would change, and whether salvor acts with fewer guards then. */
export function policyDiffCommand(): Command {
  return new Command('diff')
    .description('say what changes when a policy takes the place of the one in --policy, defaults included')
    .argument('<file>', 'the policy that is to be')
    .addOption(policyOption())
    .option('--json', 'print JSON')
    .action((file: string, { policy, json }) => {
      const changes = policyChanges(readPolicy(policy), readPolicy(file));
      if (json) printJson(changes);
      else print(asText(changes));
    });
}

function asText(changes: readonly PolicyChange[]): string {
  if (changes.length === 0) return 'nothing changes';
  const fewer = changes.filter(({ guards }) => guards === 'fewer').length;
  const lines = changes.map(({ path, kind, before, after, means, guards }) => {
    const what = kind === 'changed' ? `${before} -> ${after}` : (after ?? before);
    const mark = guards === 'fewer' ? 'FEWER GUARDS: ' : guards === 'more' ? 'more guards: ' : '';
    const said = means === null ? '' : `\n    ${mark}${means}`;
    return `${SIGN[kind]} ${path}: ${what}${said}`;
  });
  const end = fewer === 0 ? '' : `, ${fewer} of them with fewer guards`;
  return [...lines, `${changes.length} ${changes.length === 1 ? 'change' : 'changes'}${end}`].join('\n');
}

const SIGN = { added: '+', removed: '-', changed: '~' } as const;
