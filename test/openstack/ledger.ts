/** What the fake hypervisors and power cords did, as the ledger of the rig tells it (rig/plugin/salvor_rig/driver.py). */

/**
 * One line of the ledger. `DOUBLE` names the other host on which the guest ran still: it was not fenced.
 * Power lines concern a whole host and have `-` for the instance.
 */
export type LedgerEntry = {
  readonly atMs: number;
  readonly host: string;
  readonly serverId: string;
} & (
  | { readonly what: 'on' | 'off' | 'POWER-ON' | 'POWER-OFF' }
  | { readonly what: 'DOUBLE'; readonly otherHost: string }
);

/** Parses the whole ledger. Throws on a line that no writer of ours makes. */
export function parseLedger(text: string): LedgerEntry[] {
  return text
    .split('\n')
    .filter((line) => line !== '')
    .map(parseLine);
}

function parseLine(line: string): LedgerEntry {
  const [seconds, host, serverId, what, otherHost] = line.split(' ');
  if (seconds === undefined || host === undefined || serverId === undefined) {
    throw new Error(`Not a line of the ledger: ${line}`);
  }
  const common = { atMs: Math.round(Number(seconds) * 1000), host, serverId };
  switch (what) {
    case 'on':
    case 'off':
    case 'POWER-ON':
    case 'POWER-OFF':
      return { ...common, what };
    case 'DOUBLE':
      return { ...common, what, otherHost: otherHost ?? '' };
    default:
      throw new Error(`Not a line of the ledger: ${line}`);
  }
}

/** The hosts on which a guest runs by now: one, unless it runs twice. */
export function hostsRunning(entries: readonly LedgerEntry[], serverId: string): readonly string[] {
  const hosts = new Set<string>();
  for (const { serverId: id, host, what } of entries) {
    if (id === serverId && what === 'on') hosts.add(host);
    if (id === serverId && what === 'off') hosts.delete(host);
  }
  return [...hosts];
}
