import type { WorkerAnswer } from '#events/fence-worker.ts';
import type { Redact } from '#shared/http/redact.ts';
import type { Ran } from './run-program.ts';

export type Outcome = Pick<WorkerAnswer, 'answer' | 'detail'>;

export const notRun = (because: string): Outcome => ({ answer: 'refused', detail: `nothing was run: ${because}` });

/**
 * What a run of a fence agent means. Agents end with 1 whatever has gone wrong, and with 2 for a host that is off; but so
 * does a Python that can't read its program. So only both prove a power state: the status of the process, and the word.
 */
export function outcomeOf(agent: string, action: 'status' | 'off' | 'on', ran: Ran, redact: Redact): Outcome {
  if (ran.notBegun !== undefined) return notRun(`${agent} can't be started: ${ran.notBegun}`);
  const said = redact(wordsIn(ran.stderr) || wordsIn(ran.stdout)) || 'without a word';
  const detail = (words: string): string => `${agent} ${action} ${words}`;
  if (ran.cutOff)
    return { answer: 'unknown', detail: detail(`took too long and was cut off after ${ran.durationMs} ms`) };
  if (action !== 'status')
    return ran.code === 0
      ? { answer: 'accepted', detail: detail(`ended well: ${redact(wordsIn(ran.stdout)) || 'without a word'}`) }
      : { answer: 'unknown', detail: detail(`ended with ${ran.code}: ${said}`) };
  const status = /^Status: (ON|OFF)\s*$/im.exec(ran.stdout)?.[1]?.toUpperCase();
  if (status === 'ON' && ran.code === 0) return { answer: 'on', detail: detail('says Status: ON') };
  if (status === 'OFF' && ran.code === 2) return { answer: 'off', detail: detail('says Status: OFF') };
  return { answer: 'unknown', detail: detail(`ended with ${ran.code}: ${said}`) };
}

const LINES = 3;

/** The last lines, without the time and the level that agents log. */
const wordsIn = (output: string): string =>
  output
    .split('\n')
    .map((line) => line.replace(/^\d{4}-\d\d-\d\d \S+ (?=[A-Z]+: )/, '').trim())
    .filter((line) => line !== '' && !line.includes("use '-h' for usage"))
    .slice(-LINES)
    .join('; ');
