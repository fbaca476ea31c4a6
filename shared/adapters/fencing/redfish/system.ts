import type * as z from 'zod';
import type { Result } from '../answers.ts';
import { actionInfoSchema, type ComputerSystem, collectionSchema, rootSchema, systemSchema, uuidOf } from './schema.ts';
import type { Visit } from './visit.ts';

/** A chassis of blades has a dozen or two; more pages than this are a loop. */
const MOST_SYSTEMS = 100;

export interface SystemFinder {
  find(visit: Visit): Promise<Result<ComputerSystem>>;
}

/**
 * Finds the system once, and reads it each time: the one that the address names; of a device with several, the one with
 * the UUID that the policy names; or the only one.
 */
export function systemFinder(named: string | undefined, systemUuid: string | undefined): SystemFinder {
  let link = named;
  return {
    find: async (visit) => {
      if (link !== undefined) return visit.get(link, systemSchema);
      const links = await systemLinks(visit);
      if (links.kind !== 'ok') return links;
      const [only, ...others] = links.value;
      if (only === undefined) return { kind: 'refused', detail: 'the device has no system' };
      if (others.length === 0) {
        link = only;
        return visit.get(link, systemSchema);
      }
      const names = `the device has ${links.value.length} systems (${links.value.join(', ')})`;
      if (systemUuid === undefined)
        return { kind: 'refused', detail: `${names}: name one in the url, or its UUID as systemUuid` };
      const found = await withUuid(visit, links.value, systemUuid.toLowerCase());
      if (found.kind !== 'ok') return { ...found, detail: `${names}: ${found.detail}` };
      link = found.value.link;
      return { kind: 'ok', value: found.value.system };
    },
  };
}

async function systemLinks(visit: Visit): Promise<Result<readonly string[]>> {
  const root = await visit.get('/redfish/v1/', rootSchema);
  if (root.kind !== 'ok') return root;
  const links: string[] = [];
  let page = root.value.Systems?.['@odata.id'];
  if (page === undefined) return { kind: 'refused', detail: 'the service root names no systems' };
  while (page !== undefined && links.length < MOST_SYSTEMS) {
    const systems: Result<z.infer<typeof collectionSchema>> = await visit.get(page, collectionSchema);
    if (systems.kind !== 'ok') return systems;
    links.push(...systems.value.Members.map((member) => member['@odata.id']));
    page = systems.value.Members.length === 0 ? undefined : systems.value['Members@odata.nextLink'];
  }
  return { kind: 'ok', value: links };
}

async function withUuid(
  visit: Visit,
  links: readonly string[],
  uuid: string,
): Promise<Result<{ readonly link: string; readonly system: ComputerSystem }>> {
  let unread: string | undefined;
  for (const link of links) {
    const system = await visit.get(link, systemSchema);
    if (system.kind !== 'ok') unread = system.detail;
    else if (uuidOf(system.value) === uuid) return { kind: 'ok', value: { link, system: system.value } };
  }
  return unread === undefined
    ? { kind: 'refused', detail: `none is ${uuid}` }
    : { kind: 'failed', detail: `none that can be read is ${uuid}; ${unread}` };
}

/** The values of ResetType that the system allows; undefined if it does not say. */
export async function resetTypes(
  visit: Visit,
  { Actions: actions }: ComputerSystem,
): Promise<Result<readonly string[] | undefined>> {
  const reset = actions?.['#ComputerSystem.Reset'];
  const listed = reset?.['ResetType@Redfish.AllowableValues'];
  const info = reset?.['@Redfish.ActionInfo'];
  if (listed !== undefined || info === undefined) return { kind: 'ok', value: listed };
  const told = await visit.get(info, actionInfoSchema);
  // A link to nowhere says nothing; what the device does not allow, it will refuse itself.
  if (told.kind === 'refused') return { kind: 'ok', value: undefined };
  if (told.kind === 'failed') return told;
  return { kind: 'ok', value: told.value.Parameters.find(({ Name: name }) => name === 'ResetType')?.AllowableValues };
}
