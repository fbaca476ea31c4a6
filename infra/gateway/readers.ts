import type { ReadDatagram } from './gateway.ts';
import { type Hbv2Keys, readHbv2, replayWindow } from './hbv2.ts';
import { isKdumpPacket } from './kdump.ts';

/** Nova's service host for a name or an address; undefined when it is not known. */
export type FindHost = (nameOrAddress: string) => string | undefined;

/** @param source of the events, such as `/hbv2/gateway-1` @param keys as they are now */
export function hbv2Reader(source: string, keys: () => Hbv2Keys, findHost: FindHost): ReadDatagram {
  const window = replayWindow();
  return (datagram, _address, nowMs) => {
    const beat = readHbv2(datagram, keys(), nowMs);
    if (typeof beat === 'string') return { dropped: beat };
    if (!window.isNew(beat)) return { dropped: 'repeated' };
    const host = findHost(beat.name);
    if (host === undefined) return { dropped: 'unknownHost' };
    return {
      event: {
        specversion: '1.0',
        // The same by every gateway that it comes through.
        id: `hbv2-${beat.name}-${beat.sentAtMs / 1000}`,
        source,
        type: 'host.heartbeat',
        time: new Date(beat.sentAtMs).toISOString(),
        data: { schemaVersion: 1, host },
      },
    };
  };
}

/** A host is said to write a dump this often at most. */
const DUMP_AGAIN_MS = 5_000;

export function kdumpReader(source: string, findHost: FindHost): ReadDatagram {
  /** As many as there are hosts. */
  const said = new Map<string, number>();
  return (datagram, address, nowMs) => {
    if (!isKdumpPacket(datagram)) return { dropped: 'malformed' };
    const host = findHost(address);
    if (host === undefined) return { dropped: 'unknownHost' };
    if (nowMs - (said.get(host) ?? Number.NEGATIVE_INFINITY) < DUMP_AGAIN_MS) return { dropped: 'repeated' };
    said.set(host, nowMs);
    return {
      event: {
        specversion: '1.0',
        id: `kdump-${host}-${nowMs}`,
        source,
        type: 'host.dumping',
        time: new Date(nowMs).toISOString(),
        data: { schemaVersion: 1, host, reason: `a fence_kdump packet came from ${address}` },
      },
    };
  };
}
