import { type MouseEvent, memo, useMemo } from 'react';
import { useLocation, useRouter } from 'wouter';
import type { Tile, TileState } from '#shared/domain/now/tile.ts';
import { TILE } from '../words.ts';
import { drawnIn, State } from './state.tsx';

/** With more of them those that are well are told by their place and sign alone: all must be on one screen. */
const MANY = 60;

/** `compute-9` comes before `compute-10`. */
const NAMES = new Intl.Collator('en', { numeric: true });

/** What is not on the screen is neither laid out nor drawn, a list at a time (console.css). */
const CHUNK = 240;
const chunks = (hosts: readonly Tile[]): readonly (readonly Tile[])[] =>
  Array.from({ length: Math.max(1, Math.ceil(hosts.length / CHUNK)) }, (_, index) =>
    hosts.slice(index * CHUNK, (index + 1) * CHUNK),
  );

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
      {chunks(isDense ? well : [...others, ...well]).map((some, index, all) => (
        <TileList
          key={some[0]?.hostKey ?? ''}
          hosts={some}
          label={all.length === 1 ? label : `${label}, part ${index + 1} of ${all.length}`}
          dense={isDense}
        />
      ))}
    </>
  );
}

function TileList({ hosts, label, dense }: { hosts: readonly Tile[]; label: string; dense?: boolean }) {
  const [, navigate] = useLocation();
  const { base } = useRouter();
  // One listener for all: a link that listens for itself costs too much two thousand times.
  const follow = (event: MouseEvent<HTMLElement>) => {
    const link = (event.target as Element).closest('a');
    if (link === null || event.button !== 0 || event.metaKey || event.ctrlKey || event.shiftKey || event.altKey) return;
    event.preventDefault();
    navigate(link.pathname.slice(base.length));
  };
  return (
    // biome-ignore lint/a11y/useKeyWithClickEvents: Enter on a link is a click
    <ul
      className={dense === true ? 'tiles tiles-dense' : 'tiles'}
      style={drawnIn(TILE['in-service'].colour)}
      aria-label={label}
      onClick={follow}
    >
      {hosts.map(({ hostKey, host, state, fence }) => (
        <TileLink
          key={hostKey}
          base={base}
          dense={dense === true}
          host={host}
          state={state}
          unfenceable={fence === 'not-ready'}
        />
      ))}
    </ul>
  );
}

interface TileLinkProps {
  /** Of all paths of the console. */
  readonly base: string;
  readonly dense: boolean;
  readonly host: string;
  readonly state: TileState;
  readonly unfenceable: boolean;
}

/** By its words alone: of 2,000 tiles only those that have changed are drawn again. */
const TileLink = memo(function TileLink({ base, dense, host, state, unfenceable }: TileLinkProps) {
  const { sign, colour } = TILE[state];
  const words = `${host}: ${state}${unfenceable ? ', could not be fenced' : ''}`;
  return (
    <li>
      <a
        href={`${base}/hosts/${encodeURIComponent(host)}`}
        className="tile"
        data-coloured=""
        data-state={state}
        // Those that are well have it of their list: a colour of its own for each is most of what a change of style costs.
        style={state === 'in-service' ? undefined : drawnIn(colour)}
        aria-label={words}
        title={words}
      >
        {dense ? (
          sign
        ) : (
          <>
            <span className="tile-sign">{sign}</span>
            <span className="tile-name">{host}</span>
            {unfenceable && <span>⚠</span>}
          </>
        )}
      </a>
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
