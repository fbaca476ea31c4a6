import { PermanentError } from '#shared/errors.ts';
import type { StateReader } from '#shared/ports.ts';
import { type ListedHost, listHosts } from '#shared/state/list-hosts.ts';

/**
 * @param wanted Nova's service host name
 * @throws PermanentError when Nova has no such host, as far as salvor's mirror tells
 */
export async function findHost(state: StateReader, wanted: string): Promise<ListedHost> {
  for await (const each of listHosts(state)) if (each.known.host === wanted) return each;
  throw new PermanentError(`no host ${wanted}: "salvor hosts --all" lists them`);
}
