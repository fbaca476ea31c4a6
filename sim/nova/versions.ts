import type { Hono } from 'hono';
import type { NovaEnv } from './request.ts';

/** Nova's version documents (Compute API, "API Versions"); they need no token. */
export function versionRoutes(api: Hono<NovaEnv>, endpoint: () => string, maxMinor: number): void {
  const links = (name: string): object[] => [{ rel: 'self', href: `${endpoint().replace(/\/v2\.1$/, '')}/${name}/` }];
  const current = (): object => ({
    id: 'v2.1',
    status: 'CURRENT',
    version: `2.${maxMinor}`,
    min_version: '2.1',
    updated: '2013-07-23T11:33:21Z',
    links: links('v2.1'),
  });
  const old = (): object => ({
    id: 'v2.0',
    status: 'SUPPORTED',
    version: '',
    min_version: '',
    updated: '2011-01-21T11:33:21Z',
    links: links('v2'),
  });
  const mediaTypes = [{ base: 'application/json', type: 'application/vnd.openstack.compute+json;version=2.1' }];
  api.get('/', (c) => c.json({ versions: [old(), current()] }));
  api.get('/v2.1', (c) => c.json({ version: { ...current(), 'media-types': mediaTypes } }));
}
