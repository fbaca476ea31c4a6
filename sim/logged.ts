import type { Context, MiddlewareHandler } from 'hono';
import { jsonBody, type SimEnv } from './http.ts';
import type { NewRequest, RequestLog, SimulatedApi } from './request-log.ts';

type Described = Partial<Pick<NewRequest, 'host' | 'serverId' | 'operation' | 'microversion'>>;

/**
 * Writes each request to the log, on arrival and again when it is answered, and names it in `x-openstack-request-id`.
 * One that is never answered keeps no status.
 */
export function logged(
  log: RequestLog,
  api: SimulatedApi,
  newRequestId: () => string,
  describe: (c: Context<SimEnv>, body: unknown) => Described = () => ({}),
): MiddlewareHandler<SimEnv> {
  return async (c, next) => {
    const body = await jsonBody(c);
    const url = c.req.url;
    const queryAt = url.indexOf('?');
    const requestId = `req-${newRequestId()}`;
    const record = log.begin({
      api,
      method: c.req.method,
      path: c.req.path,
      ...(queryAt < 0 ? {} : { query: url.slice(queryAt + 1) }),
      requestId,
      ...describe(c, body),
      ...(body === undefined ? {} : { body }),
    });
    c.set('record', record);
    c.header('x-openstack-request-id', requestId);
    if (api === 'nova') c.header('x-compute-request-id', requestId);
    await next();
    if (!c.env.incoming.socket.destroyed) log.end(record, c.res.status);
  };
}
