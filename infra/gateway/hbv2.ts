import { createHmac, timingSafeEqual } from 'node:crypto';

/**
 * Heartbeats of Red Hat's `instanceha` (edpm-ansible, role `edpm_instanceha_monitoring`), version 2 of their form, in
 * network byte order: magic `HBV2`, 8 bytes of Unix seconds, the host's short name, HMAC-SHA256 over all before.
 */
const MAGIC = 0x48425632;
const NAME_AT = 12;
const DIGEST_BYTES = 32;
const MAX_NAME_BYTES = 64;
const NAME = /^[A-Za-z0-9](?:[A-Za-z0-9._-]*[A-Za-z0-9])?$/;

/** An older one is not believed, as by its own receiver; one from further ahead salvor would not believe. */
const MAX_AGE_SECONDS = 120;
const MAX_AHEAD_SECONDS = 60;

export interface Hbv2Keys {
  /** The current one and, while keys change, the previous one. */
  readonly keys: readonly Buffer[];
  /** Each host has a key of its own, made from these: {@link hostKey}. */
  readonly perHost: boolean;
}

export type Hbv2Fault = 'malformed' | 'unsigned' | 'old' | 'ahead';
export interface Hbv2Beat {
  readonly name: string;
  readonly sentAtMs: number;
}

/** The key by which a host can speak for itself only; as hexadecimal digits it is what the sender reads from its file. */
export const hostKey = (master: Buffer, name: string): Buffer => createHmac('sha256', master).update(name).digest();

export function readHbv2(datagram: Buffer, { keys, perHost }: Hbv2Keys, nowMs: number): Hbv2Beat | Hbv2Fault {
  const nameBytes = datagram.length - NAME_AT - DIGEST_BYTES;
  if (nameBytes < 1 || nameBytes > MAX_NAME_BYTES || datagram.readUInt32BE(0) !== MAGIC) return 'malformed';
  const signed = datagram.subarray(0, -DIGEST_BYTES);
  const name = signed.toString('latin1', NAME_AT);
  const seconds = Number(datagram.readBigUInt64BE(4));
  if (!NAME.test(name)) return 'malformed';
  // Cheaper than a digest, and whoever replays an old one learns nothing from it.
  const ageSeconds = nowMs / 1000 - seconds;
  if (ageSeconds > MAX_AGE_SECONDS) return 'old';
  if (ageSeconds < -MAX_AHEAD_SECONDS) return 'ahead';
  const digest = datagram.subarray(-DIGEST_BYTES);
  const isBy = (key: Buffer): boolean =>
    timingSafeEqual(
      createHmac('sha256', perHost ? hostKey(key, name) : key)
        .update(signed)
        .digest(),
      digest,
    );
  return keys.some(isBy) ? { name, sentAtMs: seconds * 1000 } : 'unsigned';
}

/** Hosts whose newest heartbeat is remembered. With a shared key whoever has it may invent names. */
const MAX_HOSTS = 20_000;

/** Takes each heartbeat once: one that is not newer than the host's last is a repeat, or was recorded and sent again. */
export function replayWindow(): { isNew(beat: Hbv2Beat): boolean } {
  const newest = new Map<string, number>();
  return {
    isNew: ({ name, sentAtMs }) => {
      const before = newest.get(name);
      if (before !== undefined && sentAtMs <= before) return false;
      newest.delete(name);
      newest.set(name, sentAtMs);
      const [oldest] = newest.keys();
      if (newest.size > MAX_HOSTS && oldest !== undefined) newest.delete(oldest);
      return true;
    },
  };
}
