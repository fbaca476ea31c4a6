import { type RedfishDeviceOptions, redfishDevice } from '#shared/adapters/fencing/redfish/device.ts';
import { type Handler, type Reply, type SeenRequest, serve } from '../server.ts';

/** What a test file ends after each of its tests. */
export const closers: (() => Promise<void>)[] = [];

export const SYSTEM = '/redfish/v1/Systems/1';
export const TARGET = `${SYSTEM}/Actions/ComputerSystem.Reset`;
export const UUID = '4C4C4544-0051-3510-8052-B7C04F4E4E32';
export const PASSWORD = 'calvin';

export const system = (changes: object = {}, reset: object = {}) => ({
  '@odata.id': SYSTEM,
  UUID,
  PowerState: 'On',
  Actions: {
    '#ComputerSystem.Reset': { target: TARGET, 'ResetType@Redfish.AllowableValues': ['On', 'ForceOff'], ...reset },
  },
  ...changes,
});

/** A reply, or what makes one of the request and its number among those of its path. */
type Answer = Reply | ((request: SeenRequest, index: number) => Reply);

export interface Bmc {
  readonly system?: object;
  /** By path, or method and path; wins over everything else. */
  readonly at?: Readonly<Record<string, Answer>>;
  readonly reset?: Reply;
  readonly prefix?: string;
}

/** A BMC that answers as it is told, and the driver that speaks to it. */
export async function setup(bmc: Bmc = {}, changes: Partial<RedfishDeviceOptions> & { readonly path?: string } = {}) {
  const counts = new Map<string, number>();
  const handler: Handler = (request) => {
    const path = request.path.slice((bmc.prefix ?? '').length);
    const own = bmc.at?.[`${request.method} ${path}`] ?? bmc.at?.[path];
    const index = counts.get(path) ?? 0;
    counts.set(path, index + 1);
    if (own !== undefined) return typeof own === 'function' ? own(request, index) : own;
    if (path === SYSTEM && request.method === 'GET') return { body: bmc.system ?? system() };
    if (path === TARGET && request.method === 'POST') return bmc.reset ?? { status: 204, body: '' };
    return { status: 404, body: { error: { code: 'x', message: 'not here' } } };
  };
  const server = await serve(handler);
  closers.push(server.close);
  const { path = SYSTEM, ...options } = changes;
  const device = redfishDevice({
    url: new URL(`${server.url}${path}`),
    username: 'root',
    password: PASSWORD,
    version: '0',
    timeoutSeconds: 5,
    ...options,
  });
  const seen = () => server.requests.map(({ method, path: at }) => `${method} ${at}`);
  return { server, device, seen };
}
