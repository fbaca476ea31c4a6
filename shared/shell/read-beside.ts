import type { ForecastServer } from '#shared/domain/forecast/view.ts';
import { inTurn } from '#shared/in-turn.ts';
import type { Compute, Image, Server } from '#shared/ports.ts';
import { orOutage } from './live.ts';

/** So many images are asked for at the same time. */
const AT_ONCE = 10;

/** Instances of a host as a forecast wants them. */
export interface ForForecast {
  readonly servers: readonly ForecastServer[];
  /** What could not be read, in words: an instance may need what is not seen. */
  readonly unread: readonly string[];
}

/**
 * Adds what Nova does not tell of instances and only a forecast asks: their ports, and what their images say where Nova is too
 * old for it. No recovery waits for it, so nothing that can't be read is thrown.
 */
export async function readForForecast(
  compute: Pick<Compute, 'portsOn' | 'image'>,
  host: string,
  servers: readonly Server[],
): Promise<ForForecast> {
  if (servers.length === 0) return { servers, unread: [] };
  const [ports, images] = await Promise.all([orOutage(compute.portsOn(host)), readImages(compute, servers)]);
  const unread: string[] = [];
  if ('outage' in ports) unread.push(`the ports of its instances: ${ports.outage}`);
  else if (ports.value === undefined) unread.push('the ports of its instances: the catalogue has no Neutron');
  if ('outage' in images) unread.push(`the images of its instances: ${images.outage}`);
  const byServer = Map.groupBy(('value' in ports ? ports.value : undefined) ?? [], ({ serverId }) => serverId);
  const byId = 'value' in images ? images.value : new Map<string, Image>();
  return { servers: servers.map((each) => withBoth(each, byServer.get(each.id) ?? [], byId)), unread };
}

function withBoth(
  server: Server,
  own: readonly { readonly vnicType: string; readonly isGuaranteed: boolean }[],
  images: ReadonlyMap<string, Image>,
): ForecastServer {
  const imageProperties = server.imageProperties ?? images.get(server.imageId ?? '')?.properties;
  const vtpm = server.localDisks.vtpm || imageProperties?.hw_tpm_version !== undefined;
  return {
    ...server,
    ...(imageProperties === undefined ? {} : { imageProperties }),
    localDisks: { ...server.localDisks, vtpm },
    ...(own.length === 0 ? {} : { ports: own.map(({ vnicType, isGuaranteed }) => ({ vnicType, isGuaranteed })) }),
  };
}

/** As they are now: what they were when an instance was built only a newer Nova tells. */
function readImages(
  { image }: Pick<Compute, 'image'>,
  servers: readonly Server[],
): Promise<{ readonly value: ReadonlyMap<string, Image> } | { readonly outage: string }> {
  const wanted = servers.filter(({ imageProperties }) => imageProperties === undefined).map(({ imageId }) => imageId);
  const ids = [...new Set(wanted)].filter((id) => id !== null);
  return orOutage(
    inTurn(ids, AT_ONCE, image).then(
      (read) => new Map(read.flatMap((each) => (each === undefined ? [] : [[each.id, each] as const]))),
    ),
  );
}
