import type { Patch } from './bundle.ts';

const inFolder =
  (folder: string) =>
  (file: string, find: string, replace: string): Patch => ({ file: `${folder}/${file}`, find, replace });

export const domain = inFolder('shared/domain');
export const shell = inFolder('shared/shell');
export const openstack = inFolder('shared/adapters/openstack');
