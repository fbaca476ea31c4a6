import type { Context } from 'hono';
import type { SimEnv } from '../http.ts';
import { hang } from '../http.ts';
import type { Identity } from '../identity.ts';
import { seededRandom } from '../random.ts';
import type { PowerApi, RequestLog } from '../request-log.ts';
import type { World } from '../world/world.ts';

/** Who may use these ways to the power. */
export interface PowerSecrets {
  readonly ironic: { readonly username: string; readonly password: string };
  readonly metal3: { readonly token: string; readonly namespace: string };
  readonly webhook: { readonly key: string };
}

export interface PowerParts {
  readonly world: World;
  readonly identity: Identity;
  readonly log: RequestLog;
  readonly newRequestId: () => string;
  readonly secrets: PowerSecrets;
}

/** From a seed of its own, so that the rest of the cloud stays as it was. */
export function powerSecrets(seed: number): PowerSecrets {
  const random = seededRandom(seed + 1);
  return {
    ironic: { username: 'salvor', password: random.hex(32) },
    metal3: { token: random.hex(48), namespace: 'metal3' },
    webhook: { key: random.hex(64) },
  };
}

export async function apiDown(c: Context<SimEnv>, world: World, api: PowerApi): Promise<Response | undefined> {
  const down = world.faults.take('power-api-down', { api });
  if (down?.how === 'hang') return hang(c.env.incoming);
  return down === undefined ? undefined : c.text('Internal Server Error', 500);
}
