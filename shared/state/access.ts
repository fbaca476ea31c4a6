import type { Access } from '#shared/domain/access.ts';
import type { ItemKey, StateReader, StateWrite } from '#shared/ports.ts';
import { type Loaded, load, put } from './items.ts';

interface Region {
  readonly name: string;
  readonly region: string;
}

const keyOf = ({ name, region }: Region): ItemKey => ({ partition: `access#${name}/${region}`, sort: 'state' });

export const loadAccess = (state: StateReader, region: Region): Promise<Loaded<Access> | undefined> =>
  load<Access>(state, keyOf(region));

export const accessWrite = (region: Region, before: Loaded<Access> | undefined, access: Access): StateWrite =>
  put(keyOf(region), before?.version ?? 'absent', access);
