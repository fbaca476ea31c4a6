/** What BMCs say when something is not done: RMCP+ status codes of the session setup, completion codes of commands. */

interface Meaning {
  readonly words: string;
  /** It will be the same next time. */
  readonly final: boolean;
}

const passing = (words: string): Meaning => ({ words, final: false });
const final = (words: string): Meaning => ({ words, final: true });

/** 13.24, Table 13-15 */
const STATUS: Readonly<Record<number, Meaning>> = {
  1: passing('no resources for another session'),
  2: passing('invalid session id'),
  3: final('invalid payload type'),
  4: final('invalid authentication algorithm'),
  5: final('invalid integrity algorithm'),
  6: final('no matching authentication payload'),
  7: final('no matching integrity payload'),
  8: passing('inactive session id'),
  9: final('invalid role'),
  10: final('unauthorized privilege level'),
  11: passing('no resources for another session of this privilege level'),
  12: final('invalid name length'),
  13: final('unauthorized name'),
  14: final('unauthorized GUID'),
  15: final('invalid integrity check value'),
  16: final('invalid confidentiality algorithm'),
  17: final('no such cipher suite'),
  18: final('illegal or unrecognized parameter'),
};

/** 5.2, Table 5-2 */
const COMPLETION: Readonly<Record<number, Meaning>> = {
  192: passing('node busy'),
  193: final('invalid command'),
  194: final('invalid command for this LUN'),
  195: passing('timeout while processing'),
  196: passing('out of space'),
  199: final('invalid length of the request'),
  201: final('parameter out of range'),
  204: final('invalid data field'),
  206: passing('response could not be provided'),
  207: passing('duplicated request'),
  209: passing('firmware is being updated'),
  210: passing('BMC is initializing'),
  211: passing('destination unavailable'),
  212: final('insufficient privilege level'),
  213: passing('not supported in the present state'),
  214: final('disabled or unavailable'),
  255: passing('unspecified error'),
};

export const statusMeaning = (code: number): Meaning => meaning(STATUS, code);
export const completionMeaning = (code: number): Meaning => meaning(COMPLETION, code);

/** A code that nobody knows may pass. */
function meaning(table: Readonly<Record<number, Meaning>>, code: number): Meaning {
  const { words, final: isFinal } = table[code] ?? passing('a code of its own');
  return { words: `0x${code.toString(16).padStart(2, '0')} (${words})`, final: isFinal };
}
