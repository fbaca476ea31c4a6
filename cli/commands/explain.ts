import { Command } from 'commander';
import type { Explanation } from '#shared/domain/explain/words.ts';
import { hostExplained } from '#shared/views/explain-host.ts';
import { findHost } from '../operator/find-host.ts';
import { print, printJson } from '../output.ts';
import { withState } from './read-state.ts';

/** `salvor explain HOST`: in sentences why it was or was not fenced, with each gate's numbers. */
export function explainCommand(): Command {
  return new Command('explain')
    .description('tell in sentences why a host was or was not fenced, with the numbers of each gate')
    .argument('<host>', "Nova's name of the compute host")
    .option('--json', 'print JSON')
    .action(async (wanted: string, { json }, command: Command) => {
      const explanation = await withState(command, async (state) =>
        hostExplained(state, await findHost(state, wanted), Date.now()),
      );
      if (json) printJson(explanation);
      else print(asText(explanation));
    });
}

const asText = ({ verdict, paragraphs }: Explanation): string =>
  [
    verdict,
    ...paragraphs.map(({ title, sentences }) => `\n${title}\n${sentences.map((each) => `  ${each}`).join('\n')}`),
  ].join('\n');
