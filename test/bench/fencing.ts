import { ipmiPeer } from './fencing/ipmi.ts';
import type { Peer } from './fencing/peer.ts';
import { sushyPeers } from './fencing/redfish.ts';
import { simulatedPeer } from './fencing/simulated.ts';
import { median } from './median.ts';

/** From the request to the proof: the power is asked to go off, and read as off by the device. */
export interface FencingFigures {
  readonly rounds: number;
  /** Milliseconds, the median; absent where the program is not installed. */
  readonly ms: Readonly<Record<string, number>>;
}

/** Rounds are interleaved, so that a busy moment of the machine strikes all ways alike. */
export async function measureFencing(rounds: number): Promise<FencingFigures> {
  const peers: readonly Peer[] = [await ipmiPeer(), ...(await sushyPeers()), await simulatedPeer()];
  const ways = peers.flatMap(({ givePower, ways }) =>
    Object.entries(ways).map(([name, fence]) => ({ name, givePower, fence })),
  );
  const taken = new Map<string, number[]>();
  try {
    for (let round = 0; round < rounds; round += 1)
      for (const { name, givePower, fence } of ways) {
        await givePower();
        const startedMs = performance.now();
        await fence();
        taken.set(name, [...(taken.get(name) ?? []), performance.now() - startedMs]);
      }
    return { rounds, ms: Object.fromEntries([...taken].map(([name, all]) => [name, median(all)])) };
  } finally {
    for (const peer of peers) await peer.close();
  }
}

export const fencingPart = (machine: string, { rounds, ms }: FencingFigures): string[] => [
  '',
  '## Fencing: from the request to the proof',
  '',
  machine,
  '',
  `Medians of ${rounds} interleaved rounds. Each way asks its device to cut the power and is done when the device says off; salvor reads`,
  "the power once before it asks. IPMI is OpenIPMI's ipmi_sim by IPMI v2.0 with cipher suite 3, Redfish sushy-tools' emulator over TLS,",
  'Ironic a real one before another such emulator; Metal3 and the webhook are the simulated cloud’s. The programs of others are',
  'those of Debian, started anew each time, as a cluster manager starts them. The fence worker is asked three times by its queue,',
  'as all of salvor asks: for the power, to cut it, and for the power again.',
  '',
  '| | ms |',
  '| --- | --- |',
  ...Object.entries(ms).map(([name, value]) => `| ${name} | ${value.toFixed(0)} |`),
];
