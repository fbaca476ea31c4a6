import type { WorkerAnswer } from '#events/fence-worker.ts';
import type { Redact } from '#shared/http/redact.ts';
import { refusalIn } from './refusals.ts';
import type { Ran } from './run-program.ts';

export type Outcome = Pick<WorkerAnswer, 'answer' | 'detail' | 'refused'>;

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
  const ended = `ended with ${ran.code}: ${said}`;
  const refusal = ran.code === 0 ? undefined : refusalIn(`${ran.stderr}\n${ran.stdout}`);
  if (refusal === undefined) return { answer: 'unknown', detail: detail(ended) };
  return { answer: 'unknown', detail: detail(`${ended}; ${redact(refusal)}`), refused: 'credentials' };
}

const LINES = 3;

/** How a line begins that agents log: a record goes on to the next such line. */
const RECORD = /^\d{4}-\d\d-\d\d \S+ (?=([A-Z]+): )/;

/** The last lines, without the time that agents log, and without what loud ones log besides. */
function wordsIn(output: string): string {
  let isAside = false;
  const lines = output.split('\n').filter((line) => {
    const level = RECORD.exec(line)?.[1];
    if (level !== undefined) isAside = level === 'DEBUG' || level === 'INFO';
    return !isAside;
  });
  return lines
    .map((line) => line.replace(RECORD, '').trim())
    .filter((line) => line !== '' && !line.includes("use '-h' for usage"))
    .slice(-LINES)
    .join('; ');
}
