import type { SimHost, SimServer } from '#sim/world/types.ts';
import type { World } from '#sim/world/world.ts';
import { byName, inWords } from './names.ts';

/** How the world is when the curtain rises or falls: what is out of the ordinary of hosts, and where the instances are. */
export function sceneOf(world: World, when: 'start' | 'end'): string {
  const lines = [...world.hosts.values()]
    .sort((a, b) => byName(a.name, b.name))
    .flatMap((host) => {
      const words = [...oddities(host), ...instancesOf(world, host)];
      return words.length === 0 ? [] : [`${host.name}: ${words.join('; ')}`];
    });
  return lines.map((line, index) => `${(index === 0 ? when : '').padStart(6)}  ${line}`).join('\n');
}

function oddities({ power, computeRunning, forcedDown, disabled }: SimHost): readonly string[] {
  return [
    power === 'off' ? 'power off' : computeRunning ? '' : 'power on, silent',
    forcedDown ? 'forced down' : '',
    disabled ? 'disabled' : '',
  ].filter((word) => word !== '');
}

function instancesOf(world: World, host: SimHost): readonly string[] {
  const byState = Map.groupBy(world.serversOn(host.name).reverse(), (server) => stateOf(world, host, server));
  const here = [...byState].map(([state, servers]) => `${inWords(servers.map(({ name }) => name))} ${state}`);
  const elsewhere = [...host.guests].filter((id) => world.servers.get(id)?.host !== host.name);
  if (elsewhere.length === 0) return here;
  const names = elsewhere.map((id) => world.servers.get(id)?.name ?? world.deletedServers.get(id)?.name ?? id);
  return [...here, `runs ${inWords(names)}, which Nova has elsewhere`];
}

function stateOf(world: World, host: SimHost, { id, vmState, taskState, lockedBy }: SimServer): string {
  const places = [...world.hosts.values()].filter(({ guests }) => guests.has(id)).map(({ name }) => name);
  const locked = lockedBy === null ? '' : `, locked by its ${lockedBy}`;
  const task = taskState === null ? '' : ` (${taskState})`;
  const lost = vmState === 'active' && places.length === 0 ? ' in Nova, and gone' : '';
  const other = places.some((name) => name !== host.name) ? `, and runs on ${places.join(' and ')}` : '';
  return `${vmState}${task}${lost}${other}${locked}`;
}
