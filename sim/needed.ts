import { Hono } from 'hono';
import type { FaultBoard } from './faults.ts';
import { closeConnection, hang, isoSeconds, type SimEnv } from './http.ts';
import type { Identity } from './identity.ts';
import { logged } from './logged.ts';
import type { NeededApi, RequestLog } from './request-log.ts';
import type { SimImage } from './world/world.ts';

export interface NeededParts {
  readonly images: ReadonlyMap<string, SimImage>;
  readonly identity: Identity;
  readonly faults: FaultBoard;
  readonly log: RequestLog;
  readonly newRequestId: () => string;
}

/** The one read of each, with an empty answer of its form. */
const READS: Readonly<Record<NeededApi, { readonly path: string; readonly answer: object }>> = {
  placement: { path: '/resource_classes', answer: { resource_classes: [] } },
  image: { path: '/v2/images', answer: { images: [] } },
  network: { path: '/v2.0/networks', answer: { networks: [] } },
  volume: { path: '/v3/volumes', answer: { volumes: [] } },
};
export const NEEDED_APIS = Object.keys(READS) as readonly NeededApi[];

export function neededApi(name: NeededApi, { images, identity, faults, log, newRequestId }: NeededParts): Hono<SimEnv> {
  const { path, answer } = READS[name];
  const api = new Hono<SimEnv>({ strict: false }).basePath(`/${name}`);
  api.use(logged(log, name, newRequestId));
  api.use(async (c, next) => {
    const down = faults.take('service-down', { service: name });
    if (down?.how === 'hang') return hang(c.env.incoming);
    if (down?.how === 'close') return closeConnection(c.env.incoming);
    if (down !== undefined) return c.text('Service Unavailable', 503);
    if (identity.validate(c.req.header('x-auth-token')) === undefined) return c.text('Authentication required', 401);
    return next();
  });
  if (name === 'image') glanceRoutes(api, images);
  else api.get(path, (c) => c.json(answer));
  // No instance of this cloud has a port of its own.
  if (name === 'network') api.get('/v2.0/ports', (c) => c.json({ ports: [] }));
  return api;
}

/** Image API v2: each image, and the list by the fields that the query names, the newest first. */
function glanceRoutes(api: Hono<SimEnv>, images: ReadonlyMap<string, SimImage>): void {
  api.get('/v2/images/:id', (c) => {
    const id = c.req.param('id');
    const image = images.get(id);
    return image === undefined ? c.text(`Failed to find image ${id}`, 404) : c.json(viewOf(image));
  });
  api.get('/v2/images', (c) => {
    const { limit = '25', sort: _, ...wanted } = c.req.query();
    const found = [...images.values()]
      .sort((a, b) => (b.createdMs ?? 0) - (a.createdMs ?? 0))
      .map(viewOf)
      .filter((view) => Object.entries(wanted).every(([field, value]) => Reflect.get(view, field) === value));
    return c.json({ images: found.slice(0, Number(limit)) });
  });
}

const viewOf = ({ properties, createdMs = 0, status = 'active', ...fields }: SimImage) => ({
  ...fields,
  status,
  created_at: isoSeconds(createdMs),
  visibility: fields.owner === undefined ? 'public' : 'private',
  min_ram: 0,
  ...properties,
});
