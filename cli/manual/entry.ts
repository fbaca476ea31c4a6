import type { AuditRecord } from '#shared/domain/audit.ts';

/** What a command prints with `--json`: one document, or one a line. */
export interface Shape {
  /** `rows`: a list of objects with these keys. `lines`: one such object a line, as things happen. */
  readonly form: 'object' | 'rows' | 'lines';
  /** Every key of the object, with what it holds. */
  readonly keys: Readonly<Record<string, string>>;
}

/** What the help of a command and docs/cli.md say of it, beside its arguments and options. */
export interface Entry {
  /** Command lines without `salvor`, each with what it is for. */
  readonly examples: readonly (readonly [line: string, what: string])[];
  /** What exit statuses mean here, where the words for all commands do not say enough. */
  readonly exits?: Readonly<Record<number, string>>;
  /** Of every command that has the option `--json`. */
  readonly json?: Shape;
}

/** By the words behind `salvor`: `audit verify`. */
export type Manual = Readonly<Record<string, Entry>>;

/** Says something of each key of a type: one that is left out, or is no more, does not compile. */
export const keysOf = <T>(keys: { readonly [K in keyof Required<T>]: string }): Readonly<Record<string, string>> =>
  keys;

/** What lists of incidents, whatever of, say of each. */
export const ENTRY_KEYS = {
  id: 'of the incident',
  host: "the host, by Nova's service host name",
  hostKey: 'cloud, region and UUID of its compute service',
  segment: 'the segment that held it then',
  openedAtMs: 'Unix ms',
  closedAtMs: 'Unix ms; null: open',
  outcome: 'how it has ended; null: open',
  because: 'why',
  auditHead: 'where its stream of the audit log has ended; null: open',
} as const;

export const RECORD_KEYS = keysOf<AuditRecord>({
  stream: 'the stream of the audit log',
  seq: 'its number in the stream, from 1',
  atMs: 'when it was put on record, Unix ms',
  fact: 'what happened: `type` and what belongs to it',
  basis: 'what was decided on; with the first record of each decision only',
  previousHash: 'the hash of the record before it',
  hash: 'its own',
});
