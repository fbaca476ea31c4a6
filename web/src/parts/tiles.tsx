import { memo, useMemo } from 'react';
import { Link } from 'wouter';
import type { Tile, TileState } from '#shared/domain/now/tile.ts';
import { TILE } from '../words.ts';
import { drawnIn, State } from './state.tsx';

/** With more of them those that are well are told by their place and sign alone: all must be on one screen. */
const MANY = 60;

/** `compute-9` comes before `compute-10`. */
const NAMES = new Intl.Collator('en', { numeric: true });

/** Hosts as tiles, those out of the ordinary first. */
export function Tiles({ hosts, label }: { readonly hosts: readonly Tile[]; readonly label: string }) {
  const isWell = ({ state, fence }: Tile): boolean => state === 'in-service' && fence !== 'not-ready';
  const sorted = useMemo(() => hosts.toSorted((a, b) => NAMES.compare(a.host, b.host)), [hosts]);
  const well = sorted.filter(isWell);
  const others = sorted.filter((each) => !isWell(each));
  const isDense = well.length > MANY;
  return (
    <>
      {isDense && others.length > 0 && <TileList hosts={others} label={`${label}, hosts out of the ordinary`} />}
      <TileList hosts={isDense ? well : [...others, ...well]} label={label} dense={isDense} />
    </>
  );
}

function TileList({ hosts, label, dense }: { hosts: readonly Tile[]; label: string; dense?: boolean }) {
  return (
    <ul className={dense === true ? 'tiles tiles-dense' : 'tiles'} aria-label={label}>
      {hosts.map(({ hostKey, host, state, fence }) => (
        <TileLink key={hostKey} host={host} state={state} unfenceable={fence === 'not-ready'} />
      ))}
    </ul>
  );
}

interface TileLinkProps {
  readonly host: string;
  readonly state: TileState;
  readonly unfenceable: boolean;
}

/** By its words alone: of 2,000 tiles only those that have changed are drawn again. */
const TileLink = memo(function TileLink({ host, state, unfenceable }: TileLinkProps) {
  const { sign, colour } = TILE[state];
  const words = `${host}: ${state}${unfenceable ? ', could not be fenced' : ''}`;
  return (
    <li>
      <Link
        href={`/hosts/${encodeURIComponent(host)}`}
        className="tile"
        data-coloured=""
        data-state={state}
        style={drawnIn(colour)}
        aria-label={words}
        title={words}
      >
        <span className="tile-sign">{sign}</span>
        <span className="tile-name">{host}</span>
        {unfenceable && <span>⚠</span>}
      </Link>
    </li>
  );
});

/** What the signs mean, of the states that are there. */
export function Legend({ states }: { readonly states: Readonly<Partial<Record<TileState, number>>> }) {
  return (
    <p className="counts">
      {(Object.entries(states) as [TileState, number][]).map(([state, count]) => (
        <State key={state} look={TILE[state]}>
          {`${count} ${state}`}
        </State>
      ))}
    </p>
  );
}
