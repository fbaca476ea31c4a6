import { readFileSync } from 'node:fs';
import type { HostEvent } from '#events/host-event.ts';

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
  /** What follows from it, without `specversion`. */
  readonly events: readonly Omit<HostEvent, 'specversion'>[];
  /** Why some of it says nothing. */
  readonly ignored: readonly string[];
}

export const captured: readonly Captured[] = JSON.parse(readFileSync(new URL('captured.json', PAYLOADS), 'utf8'));
