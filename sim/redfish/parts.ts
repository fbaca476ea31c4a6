import type { Context } from 'hono';
import type { SimEnv } from '../http.ts';
import type { RequestLog } from '../request-log.ts';
import type { SimHost } from '../world/types.ts';
import type { World } from '../world/world.ts';

export interface BmcCredentials {
  readonly username: string;
  readonly password: string;
}

export interface RedfishParts {
  readonly world: World;
  readonly log: RequestLog;
  readonly credentials: BmcCredentials;
  readonly newRequestId: () => string;
  /** How long a device takes from its answer to the effect. */
  readonly powerChangeMs: number;
}

export interface RedfishEnv extends SimEnv {
  /** `wired`: the host whose power this device really holds. Absent at the shared root for paths that name no system. */
  Variables: SimEnv['Variables'] & { device: { named: SimHost; wired: SimHost } | undefined };
}

/** DSP0266, "Error responses". */
export function extendedError(
  c: Context<RedfishEnv>,
  status: 400 | 401 | 403 | 404 | 409 | 500 | 503,
  id: string,
  message: string,
): Response {
  c.header('odata-version', '4.0');
  return c.json(
    {
      error: {
        code: id,
        message,
        '@Message.ExtendedInfo': [{ '@odata.type': '#Message.v1_0_0.Message', MessageId: id, Message: message }],
      },
    },
    status,
  );
}
