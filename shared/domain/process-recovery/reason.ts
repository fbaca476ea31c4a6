/** What Nova is told when salvor disables a service because of a process, and by what it is told from an operator's own. */
const PREFIX = 'salvor: process ';

export const disableReason = (processes: readonly string[]): string =>
  `${PREFIX}${processes.join(', ')} down`.slice(0, 255);

/** That is trouble, not maintenance: a host that fails later is recovered all the same. */
export const isBySalvor = (reason: string | null): boolean => reason?.startsWith(PREFIX) ?? false;
