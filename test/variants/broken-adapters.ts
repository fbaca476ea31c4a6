import { openstack } from './patches.ts';
import type { Variant } from './variant.ts';

/** Adapters that say something else to the outside than they are told: only a drill, over real HTTP, runs them. */
export const BROKEN_ADAPTERS: readonly Variant[] = [
  {
    name: 'lock-cleared',
    wrong: 'The lock that a user has put on an instance is taken off before it is evacuated.',
    room: 'adapters',
    patches: [
      openstack(
        'nova.ts',
        '      return action(serverId, { evacuate: host === null',
        '      await action(serverId, { unlock: null }, microversion);\n      return action(serverId, { evacuate: host === null',
      ),
    ],
    drill: 'no fault',
    caughtBy: ['nothing else was changed in Nova'],
  },
  {
    name: 'given-back-too-early',
    wrong: 'The host is no longer forced down as soon as Nova has taken an evacuation.',
    room: 'adapters',
    patches: [
      openstack(
        'nova.ts',
        '      return action(serverId, { evacuate: host === null',
        "      for (const { id, forcedDown } of await services({}))\n        if (forcedDown) await nova.change('PUT', '/os-services/'.concat(id), { forced_down: false }, OLDEST);\n      return action(serverId, { evacuate: host === null",
      ),
    ],
    drill: 'no fault',
    caughtBy: ['no host was given back before its evacuations had ended'],
  },
  {
    name: 'request-repeated-by-the-client',
    wrong: 'The HTTP client sends a request with an effect again when its answer was a 504.',
    room: 'adapters',
    patches: [
      openstack(
        'nova-client.ts',
        '        return http.send(method, urlOf(token, path), headers, body, timeoutMs);',
        "        const first = await http.send(method, urlOf(token, path), headers, body, timeoutMs);\n        if (first.kind === 'answer' && first.status < 500) return first;\n        return http.send(method, urlOf(token, path), headers, body, timeoutMs);",
      ),
    ],
    drill: 'nova-timeout',
    caughtBy: ['one evacuation per instance at a time'],
  },
  {
    name: 'error-of-the-device-is-off',
    wrong: 'A device that gives no answer is read as off by its driver.',
    room: 'adapters',
    patches: [
      {
        file: 'shared/adapters/fencing/answers.ts',
        find: "  power: 'unknown',\n  systemUuid: null,\n  detail: why.detail,",
        replace: "  power: 'off',\n  systemUuid: null,\n  detail: why.detail,",
      },
    ],
    drill: 'bmc-dead',
    caughtBy: ['no evacuation before its host was powered off and forced down'],
  },
];
