import { createHmac } from 'node:crypto';
import { createSocket } from 'node:dgram';
import { setTimeout as sleep } from 'node:timers/promises';

/** As `instanceha-heartbeat.py` of edpm-ansible packs it: `!I`, `!Q`, the name, and the digest over all of that. */
export function hbv2(name: string, atMs: number, key: Buffer, magic = 0x48425632): Buffer {
  const head = Buffer.alloc(12);
  head.writeUInt32BE(magic, 0);
  head.writeBigUInt64BE(BigInt(Math.floor(atMs / 1000)), 4);
  const signed = Buffer.concat([head, Buffer.from(name)]);
  return Buffer.concat([signed, createHmac('sha256', key).update(signed).digest()]);
}

/** Sends datagrams to a port of 127.0.0.1, from one address. */
export async function sendTo(port: number, ...datagrams: readonly Buffer[]): Promise<void> {
  const socket = createSocket('udp4');
  for (const datagram of datagrams)
    await new Promise<void>((resolve, reject) => {
      socket.send(datagram, port, '127.0.0.1', (error) => (error === null ? resolve() : reject(error)));
    });
  await new Promise<void>((resolve) => socket.close(() => resolve()));
}

export async function until(what: () => boolean): Promise<void> {
  while (!what()) await sleep(5);
}
