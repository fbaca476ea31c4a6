import { Group, Text } from '@mantine/core';
import { memo } from 'react';
import { Link } from 'wouter';
import type { Tile } from '#shared/domain/now/tile.ts';
import { TILE } from '../words.ts';

/** Hosts as tiles, those out of the ordinary first. */
export function Tiles({ hosts }: { readonly hosts: readonly Tile[] }) {
  const sorted = hosts.toSorted((a, b) => Number(a.state === 'in-service') - Number(b.state === 'in-service'));
  return (
    <ul className="tiles">
      {sorted.map(({ host, hostKey, state, fence }) => (
        <TileLink key={hostKey} host={host} state={state} fence={fence} />
      ))}
    </ul>
  );
}

/** By its words alone: of 2,000 tiles only those that have changed are drawn again. */
const TileLink = memo(function TileLink({ host, state, fence }: Pick<Tile, 'host' | 'state' | 'fence'>) {
  const { sign } = TILE[state];
  const unfenceable = fence === 'not-ready';
  return (
    <li>
      <Link href={`/hosts/${encodeURIComponent(host)}`} className="tile" data-state={state}>
        <span aria-hidden="true">{sign}</span>
        <span className="tile-name">{host}</span>
        <span className="visually-hidden">
          : {state}
          {unfenceable ? ', could not be fenced' : ''}
        </span>
        {unfenceable && <span aria-hidden="true">⚠</span>}
      </Link>
    </li>
  );
});

/** What the signs mean, of the states that are there. */
export function Legend({ hosts }: { readonly hosts: readonly Tile[] }) {
  const states = [...new Set(hosts.map(({ state }) => state))];
  return (
    <Group gap="md">
      {states.map((state) => (
        <Text key={state} size="sm">
          <span aria-hidden="true">{TILE[state].sign} </span>
          {state} {hosts.filter((each) => each.state === state).length}
        </Text>
      ))}
    </Group>
  );
}
