import { BlockList, isIP } from 'node:net';
import { addRange } from '#infra/probe/target.ts';
import { fitsGlob } from '#shared/domain/glob.ts';
import { PermanentError } from '#shared/errors.ts';
import type { NetworkConfig } from './config.ts';

/** The first network in which an address or a name is; undefined when it is in none. */
export type NetworkOf = (address: string) => string | undefined;

const NAME = /^[A-Za-z0-9]([A-Za-z0-9.-]{0,251}[A-Za-z0-9])?$/;

/** @throws PermanentError when something is neither a range nor a name */
export function networksOf(networks: readonly NetworkConfig[]): NetworkOf {
  const known = networks.map(({ name, addresses }) => ({ name, ...rangesIn(name, addresses) }));
  return (address) => {
    const family = isIP(address);
    if (family === 0 && !NAME.test(address)) return undefined;
    return known.find(({ ranges, names }) =>
      family === 0
        ? names.some((pattern) => fitsGlob(address.toLowerCase(), pattern))
        : ranges.check(address, family === 6 ? 'ipv6' : 'ipv4'),
    )?.name;
  };
}

function rangesIn(network: string, addresses: readonly string[]) {
  const ranges = new BlockList();
  const names: string[] = [];
  for (const each of addresses) {
    const family = isIP(each);
    if (family !== 0) ranges.addAddress(each, family === 6 ? 'ipv6' : 'ipv4');
    else if (addRange(ranges, each) !== undefined) continue;
    else if (NAME.test(each.replaceAll('*', 'x')) && !/^[\d./:]+$/.test(each)) names.push(each.toLowerCase());
    else throw new PermanentError(`network ${network}: ${each} is neither an address, a range nor a name`);
  }
  return { ranges, names };
}
