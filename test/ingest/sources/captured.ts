import { readFileSync } from 'node:fs';

export const PAYLOADS = new URL('./payloads/', import.meta.url);

export interface Captured {
  readonly file: string;
  readonly source: string;
  /** With its version. */
  readonly program: string;
  /** What had it sent, or that it was written from a documentation. */
  readonly command: string;
  readonly query?: Readonly<Record<string, string>>;
  /** When it arrives, RFC 3339. */
  readonly at: string;
  /** `type host time [process]` of each event. */
  readonly says: readonly string[];
  /** How many of its items say nothing. */
  readonly ignored: number;
}

export const captured: readonly Captured[] = JSON.parse(readFileSync(new URL('captured.json', PAYLOADS), 'utf8'));
