import { setTimeout as pause } from 'node:timers/promises';
import { Command } from 'commander';
import { tell } from '#shared/domain/story/story.ts';
import type { StateReader } from '#shared/ports.ts';
import { type Followed, Follower } from '#shared/views/follow.ts';
import { loadNow, regionsOf } from '#shared/views/now.ts';
import { askedToEnd } from '../asked-to-end.ts';
import { MARKS } from '../marks.ts';
import { paint, print } from '../output.ts';
import { withState } from './read-state.ts';
import { statusText } from './status.ts';

const LOOK_EVERY_MS = 1000;

/** `salvor watch`: how things are, then each step of every open incident as it is put on record, until Ctrl-C. */
export function watchCommand(): Command {
  return new Command('watch')
    .description('follow live what is reported, decided and done, until Ctrl-C')
    .option('--until-quiet', 'end when no incident, return and maintenance is open any more')
    .option('--json', 'print one JSON document a line: each record, as "salvor audit" has it')
    .action(({ json, untilQuiet }, command: Command) =>
      withState(command, async (state) => {
        const ended = askedToEnd();
        if (!json) print(`${statusText(await loadNow(state, await regionsOf(state), Date.now()))}\n`);
        await follow(state, json === true ? jsonLine : textLine, untilQuiet === true, ended);
      }),
    );
}

async function follow(
  state: StateReader,
  lineOf: (followed: Followed) => string | undefined,
  untilQuiet: boolean,
  ended: Promise<void>,
): Promise<void> {
  const follower = new Follower(state, Date.now());
  const end = new AbortController();
  void ended.then(() => end.abort());
  while (!end.signal.aborted) {
    for (const followed of await follower.next()) {
      const line = lineOf(followed);
      if (line !== undefined) print(line);
    }
    if (untilQuiet && follower.isQuiet) return;
    await pause(LOOK_EVERY_MS, undefined, { signal: end.signal }).catch(() => undefined);
  }
}

const jsonLine = ({ record, host, about }: Followed): string => JSON.stringify({ host, about, ...record });

/** Undefined for records that are no news to one who watches. */
function textLine({ record, host, about }: Followed): string | undefined {
  const told = tell(record, () => about);
  if (told === undefined) return undefined;
  const { sign, colour } = MARKS[told.mark];
  const text = `${sign} ${host}: ${told.text}`;
  return `${new Date(told.atMs).toISOString()}  ${paint(colour, text)}`;
}
