import { createHash, createPublicKey, sign, verify } from 'node:crypto';
import { canonical, type Head, type KeptRecord } from './audit.ts';
import { type Finding, finding } from './verify.ts';

/**
 * How far the streams of the audit log had come at one moment, signed, and kept where nobody who can write the tables
 * can. It follows from the checkpoint before it, and tells only what has changed since.
 */
export interface Checkpoint {
  readonly version: 1;
  readonly atMs: number;
  /** Hash of the checkpoint before; zeros for the first. */
  readonly previous: string;
  readonly heads: Readonly<Record<string, Head>>;
  /** Ed25519 over all of the above, base64. */
  readonly signature: string;
}

const NONE = '0'.repeat(64);
/** Stands for the stream in what is found wrong with the checkpoints themselves. */
const CHECKPOINTS = 'checkpoints';

const bytesOf = ({ version, atMs, previous, heads }: Omit<Checkpoint, 'signature'>): Buffer =>
  Buffer.from(canonical({ version, atMs, previous, heads }));
const hashOf = (checkpoint: Checkpoint): string => createHash('sha256').update(canonical(checkpoint)).digest('hex');

/** @param privateKey PEM of an Ed25519 key; throws when it is none */
export function makeCheckpoint(
  earlier: readonly Checkpoint[],
  now: ReadonlyMap<string, Head>,
  atMs: number,
  privateKey: string,
): Checkpoint {
  const told = newestHeads(earlier);
  const changed = [...now].filter(([stream, { seq, hash }]) => {
    const head = told.get(stream);
    return seq > 0 && (head?.seq !== seq || head.hash !== hash);
  });
  const last = earlier.at(-1);
  const previous = last === undefined ? NONE : hashOf(last);
  const bare = { version: 1, atMs, previous, heads: Object.fromEntries(changed) } as const;
  return { ...bare, signature: sign(null, bytesOf(bare), privateKey).toString('base64') };
}

export function newestHeads(checkpoints: readonly Checkpoint[]): ReadonlyMap<string, Head> {
  return new Map(checkpoints.flatMap(({ heads }) => Object.entries(heads)));
}

/** What is wrong with the checkpoints by themselves; a number is that of the checkpoint, from 1. */
export function checkCheckpoints(checkpoints: readonly Checkpoint[], publicKey: string): readonly Finding[] {
  const key = createPublicKey(publicKey);
  return checkpoints.flatMap((checkpoint, index) => {
    const before = checkpoints[index - 1];
    const wrong: Finding[] = [];
    if (!verify(null, bytesOf(checkpoint), key, Buffer.from(checkpoint.signature, 'base64')))
      wrong.push(finding(CHECKPOINTS, index + 1, 'its signature is not of this key'));
    if (checkpoint.previous !== (before === undefined ? NONE : hashOf(before)))
      wrong.push(finding(CHECKPOINTS, index + 1, 'it does not follow from the one before'));
    return wrong;
  });
}

/** What the log has lost or changed since it was checked: each head that was told must still be there. */
export function checkAgainst(
  stream: string,
  records: readonly KeptRecord[],
  told: readonly { readonly head: Head; readonly atMs: number }[],
): readonly Finding[] {
  const hashes = new Map(records.map(({ record: { seq, hash } }) => [seq, hash]));
  for (const { head, atMs } of told) {
    const hash = hashes.get(head.seq);
    if (hash === head.hash) continue;
    const when = `the checkpoint of ${new Date(atMs).toISOString()}`;
    return [
      finding(
        stream,
        head.seq,
        hash === undefined ? `it is gone: ${when} has seen it` : `${when} has seen another one`,
      ),
    ];
  }
  return [];
}
