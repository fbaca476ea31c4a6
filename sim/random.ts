/** Repeatable randomness: the same seed gives the same cloud, ids and delays included. */
export interface Random {
  /** A number in [0, 1). */
  next(): number;
  /** A random UUID (RFC 9562, version 4), lower case. */
  uuid(): string;
  /** `length` hexadecimal digits, as Keystone's ids are (32). */
  hex(length: number): string;
  /** `valueMs` spread by up to plus or minus `share` of itself. */
  spread(valueMs: number, share: number): number;
}

/** FNV-1a, 32 bit: a seed from any text. */
export function seedOf(text: string): number {
  let hash = 0x811c9dc5;
  for (const char of text) {
    hash = Math.imul(hash ^ (char.codePointAt(0) ?? 0), 0x01000193);
  }
  return hash >>> 0;
}

/** The mulberry32 generator: small and fast, not for secrets. */
export function seededRandom(seed: number): Random {
  let state = seed >>> 0;
  const next = (): number => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
  const word = (): string =>
    Math.floor(next() * 2 ** 32)
      .toString(16)
      .padStart(8, '0');
  const hex = (length: number): string => {
    let digits = '';
    while (digits.length < length) digits += word();
    return digits.slice(0, length);
  };
  return {
    next,
    hex,
    uuid() {
      const digits = hex(32);
      const variant = ((Number.parseInt(digits.slice(16, 17), 16) & 3) | 8).toString(16);
      return [
        digits.slice(0, 8),
        digits.slice(8, 12),
        `4${digits.slice(13, 16)}`,
        `${variant}${digits.slice(17, 20)}`,
        digits.slice(20),
      ].join('-');
    },
    spread: (valueMs, share) => valueMs * (1 + share * (2 * next() - 1)),
  };
}
