import { type AddressInfo, createServer, type Socket } from 'node:net';
import { type Policy, policySchema } from '#shared/domain/policy.ts';
import type { Rig } from './rig.ts';

type Device = Extract<Policy['fenceDevices'][string], { readonly driver: string }>;

/** @param at where its board is looked for: the rig's own, or one that is dead */
export function redfishOf(rig: Rig, host: string, at: string): object {
  return { driver: 'redfish', url: `${at}${rig.bmc(host).redfishSystemPath}`, credentials: 'bmc', timeoutSeconds: 2 };
}

export function ipmiOf(rig: Rig, host: string): object {
  const { ipmiPort } = rig.bmc(host);
  return { driver: 'ipmi', address: `127.0.0.1:${ipmiPort}`, credentials: 'bmc', cipherSuite: 3, timeoutSeconds: 5 };
}

export const withLevels = (policy: Policy, host: string, levels: readonly object[]): Policy =>
  policySchema.parse({ ...policy, fenceDevices: { ...policy.fenceDevices, [host]: { levels: levels as Device[] } } });

export interface DeadBoard {
  readonly url: string;
  /** So many were made. */
  connections(): number;
  close(): Promise<void>;
}

/** @param isSilent it takes every connection, as a board whose firmware hangs does; else nobody listens */
export async function deadBoard(isSilent: boolean): Promise<DeadBoard> {
  const sockets: Socket[] = [];
  const server = createServer((socket) => {
    sockets.push(socket);
    socket.on('error', () => undefined);
    socket.resume();
  });
  await new Promise<void>((resolve) => {
    server.listen(0, '127.0.0.1', resolve);
  });
  const { port } = server.address() as AddressInfo;
  const close = async (): Promise<void> => {
    for (const socket of sockets) socket.destroy();
    await new Promise((resolve) => {
      server.close(resolve);
    });
  };
  if (!isSilent) await close();
  return { url: `http://127.0.0.1:${port}`, connections: () => sockets.length, close };
}
