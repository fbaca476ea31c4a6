import { NEWEST_MINOR } from './microversion.ts';

/** The documents by which clients find their way. The openstacksdk refuses to speak unless its version is in the range. */
const version = (origin: string) => ({
  id: 'v1.0',
  status: 'CURRENT',
  version: `1.${NEWEST_MINOR}`,
  min_version: '1.0',
  updated: '2016-07-01T11:33:21Z',
  links: [{ rel: 'self', href: `${origin}/v1/` }],
});

/** `GET /` */
export const allVersions = (origin: string): object => ({ versions: [version(origin)] });

/** `GET /v1` */
export function versionOne(origin: string): object {
  const { links, ...rest } = version(origin);
  const describedBy = { rel: 'describedby', type: 'text/html', href: 'https://docs.openstack.org/' };
  return {
    version: {
      ...rest,
      links: [...links, describedBy],
      'media-types': [{ base: 'application/json', type: 'application/vnd.openstack.masakari+json;version=1' }],
    },
  };
}
