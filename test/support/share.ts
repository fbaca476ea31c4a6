/**
 * Every n-th of a list, for a run that has no time for all of it: `2/3` is the second of three shares.
 * @throws Error when the text is no share
 */
export function shareOf<T>(list: readonly T[], share: string): readonly T[] {
  const [, which, of] = /^([1-9]\d*)\/([1-9]\d*)$/.exec(share) ?? [];
  if (which === undefined || Number(which) > Number(of)) throw new Error(`"${share}" is no share, such as 2/3`);
  return list.filter((_, index) => index % Number(of) === Number(which) - 1);
}
