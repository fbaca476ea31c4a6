import { existsSync } from 'node:fs';
import { join } from 'node:path';
import tab from '@bomb.sh/tab/commander';
import type { Command } from 'commander';
import { STATE_FILE } from '#infra/embedded/state-dir.ts';
import { openSqliteReader } from '#shared/adapters/sqlite/reader.ts';
import { listIncidents } from '#shared/state/hosts.ts';
import { listHosts } from '#shared/state/list-hosts.ts';

/** Arguments whose values are in the state, by the names that commands give them. */
const DYNAMIC = ['host', 'incident'];
const NEWEST_INCIDENTS = 20;

/**
 * `salvor completion bash|zsh|fish|powershell`, and the hidden command that the shell asks at each Tab. Hosts and incidents are
 * those of the state folder; of a deployed stack none are offered, as a Tab asks no cloud.
 */
export function addCompletion(program: Command): void {
  const root = tab(program, { completionCommandName: 'completion' });
  const asked = program.commands.find((command) => command.name() === 'complete');
  asked?.hook('preAction', async (_, command) => {
    const words = command.args;
    const given = words[words.indexOf('--state-dir') + 1];
    const names = await namesIn(
      words.includes('--state-dir') && given !== undefined ? given : String(program.opts().stateDir),
    );
    for (const { arguments: all, options } of root.commands.values()) {
      const own = [...all.values()].filter(({ name }) => DYNAMIC.includes(name));
      const hostOption = options.get('host');
      for (const each of [...own, ...(hostOption === undefined ? [] : [hostOption])])
        each.handler = (complete) => {
          for (const [value, what] of names) complete(value, what);
        };
    }
  });
}

/** Names of hosts and of the newest incidents. Empty where there is no state: a Tab never fails. */
async function namesIn(stateDir: string): Promise<readonly (readonly [string, string])[]> {
  const path = join(stateDir, STATE_FILE);
  if (!existsSync(path)) return [];
  const reader = openSqliteReader(path);
  try {
    const hosts = (await Array.fromAsync(listHosts(reader))).map(({ known }) => known.host);
    const incidents = (await Array.fromAsync(listIncidents(reader))).slice(-NEWEST_INCIDENTS).reverse();
    return [
      ...hosts.sort().map((host) => [host, 'host'] as const),
      ...incidents.map(({ id, host, outcome }) => [id, `${outcome ?? 'open'}: ${host}`] as const),
    ];
  } catch {
    return [];
  } finally {
    reader.close();
  }
}
