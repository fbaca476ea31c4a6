import { InvalidArgumentError } from 'commander';

const SECONDS = { s: 1, m: 60, h: 3600, d: 86_400 } as const;

/** Of an option: how long, in seconds. @throws InvalidArgumentError */
export function duration(text: string): number {
  const [, count, unit] = /^(\d+)([smhd])$/.exec(text) ?? [];
  const seconds = Number(count) * SECONDS[(unit ?? 's') as keyof typeof SECONDS];
  if (!(seconds >= 1 && seconds <= 30 * SECONDS.d))
    throw new InvalidArgumentError('A time is needed, such as 90s, 30m, 2h or 1d; 30d at most.');
  return seconds;
}
