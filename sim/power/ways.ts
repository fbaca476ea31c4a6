import type { Hono } from 'hono';
import type { SimEnv } from '../http.ts';
import { ironicApi, type SimNode } from './ironic.ts';
import { metal3Api, type SimBareMetalHost } from './metal3.ts';
import type { PowerParts, PowerSecrets } from './parts.ts';
import { webhookApi } from './webhook.ts';

/** Other ways to the hosts' power than their BMCs, each with its address and who may use it. */
export interface PowerWays {
  readonly ironic: PowerSecrets['ironic'] & { readonly url: string; node(host: string): SimNode };
  readonly metal3: PowerSecrets['metal3'] & { readonly url: string; bareMetalHost(host: string): SimBareMetalHost };
  readonly webhook: PowerSecrets['webhook'] & { readonly url: string };
}

export interface PowerApis {
  /** By the first part of their paths. */
  readonly at: ReadonlyMap<string, Hono<SimEnv>>;
  /** @param base address of the server */
  ways(base: string): PowerWays;
}

export function powerApis(parts: PowerParts): PowerApis {
  const { secrets } = parts;
  const ironic = ironicApi(parts);
  const metal3 = metal3Api(parts);
  return {
    at: new Map([
      ['baremetal', ironic.api],
      ['kubernetes', metal3.api],
      ['power-hook', webhookApi(parts)],
    ]),
    ways: (base) => ({
      ironic: { url: `${base}/baremetal`, ...secrets.ironic, node: ironic.node },
      metal3: { url: `${base}/kubernetes`, ...secrets.metal3, bareMetalHost: metal3.bareMetalHost },
      webhook: { url: `${base}/power-hook`, ...secrets.webhook },
    }),
  };
}
