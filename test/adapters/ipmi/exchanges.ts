import { readdirSync, readFileSync } from 'node:fs';

/**
 * One session of ipmitool as it went over the wire, made by `SALVOR_CAPTURE=<folder> npx vitest run --config
 * test/agents/vitest.config.ts test/agents/ipmi.test.ts`.
 */
export interface Exchange {
  readonly name: string;
  /** Who answered. */
  readonly peer: string;
  readonly program: string;
  readonly command: string;
  readonly at: string;
  readonly suite: 3 | 17;
  readonly username: string;
  readonly password: string;
  /** Bytes in hexadecimal digits, as everything below. */
  readonly guid: string;
  /** As ipmitool came to them by itself. */
  readonly sik: string;
  readonly k1: string;
  readonly k2: string;
  readonly datagrams: readonly { readonly from: 'console' | 'bmc'; readonly hex: string }[];
}

const FOLDER = new URL('exchanges/', import.meta.url);

export const exchanges: readonly Exchange[] = readdirSync(FOLDER).map((file) =>
  JSON.parse(readFileSync(new URL(file, FOLDER), 'utf8')),
);
