import { PermanentError } from '#shared/errors.ts';

/**
 * What the exit status of every command means. A command that only lists ends with `well` whatever it lists; one that judges
 * ends with `person` when it could look, and what it found needs somebody.
 */
export const EXIT = {
  well: 0,
  /** It could not do what was asked, or salvor refused it. */
  failed: 1,
  /** The command line is wrong: nothing was looked at, and nothing done. */
  usage: 2,
  person: 3,
} as const;

/** For all commands alike; the reference and every help text say it in these words. */
export const MEANINGS: Readonly<Record<number, string>> = {
  [EXIT.well]: 'done, or nothing is wrong',
  [EXIT.failed]: 'failed or refused: the message says why',
  [EXIT.usage]: 'the command line is wrong; nothing was done',
  [EXIT.person]: 'it has looked, and what it found needs a person',
};

/** Options that do not go together, or are missing: as wrong as one that does not exist. */
export class UsageError extends PermanentError {}
