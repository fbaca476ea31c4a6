import type { FenceDevice, Objection } from '#shared/ports.ts';
import { openChannel } from './channel.ts';
import type { GuidEncoding } from './guid.ts';
import { type Account, loginOf } from './login.ts';
import { readPower, switchPower, unread, unsent } from './power.ts';
import { ok, type Result } from './result.ts';
import { type Session, sessionOn } from './session.ts';
import { agree } from './setup.ts';

export interface IpmiDeviceOptions extends Account {
  /** A name or an address, of IPv4 or IPv6. */
  readonly host: string;
  /** UDP. */
  readonly port: number;
  /** `smbios` if absent. */
  readonly guidEncoding?: GuidEncoding;
  /** Of one call: each ends by then, however many messages it needs. */
  readonly timeoutSeconds: number;
  /** Switch this system only. Lower case. */
  readonly systemUuid?: string;
}

/**
 * A host's BMC by IPMI v2.0 over LAN ("lanplus"): RMCP+ on UDP. One session for each call. The numbers of sections and
 * tables in this room are those of the specification, document revision 1.1.
 * @throws PermanentError when an account is none that the protocol takes.
 */
export function ipmiDevice(options: IpmiDeviceOptions): FenceDevice {
  const login = loginOf(options);
  const encoding = options.guidEncoding ?? 'smbios';

  async function inSession<T>(work: (session: Session) => Promise<T>): Promise<Result<T>> {
    const deadlineMs = performance.now() + options.timeoutSeconds * 1000;
    const channel = await openChannel(options.host, options.port, deadlineMs);
    if (channel.kind !== 'ok') return channel;
    try {
      const agreed = await agree(channel.value, login, deadlineMs);
      if (agreed.kind !== 'ok') return agreed;
      const session = sessionOn(channel.value, agreed.value, deadlineMs);
      try {
        return ok(await work(session));
      } finally {
        await session.close();
      }
    } finally {
      channel.value.close();
    }
  }

  const switched = (to: 'on' | 'off', systemUuid: string | null, objection: Objection | undefined) =>
    timed(async () => {
      const known = [options.systemUuid, systemUuid].flatMap((uuid) => (uuid == null ? [] : [uuid.toLowerCase()]));
      const done = await inSession((session) =>
        switchPower(session, { to, systemUuids: known, encoding, level: login.level, objection }),
      );
      return done.kind === 'ok' ? done.value : unsent(done);
    });

  return {
    readPower: () =>
      timed(async () => {
        const done = await inSession((session) => readPower(session, encoding));
        return done.kind === 'ok' ? done.value : unread(done);
      }),
    powerOff: (systemUuid, objection) => switched('off', systemUuid, objection),
    powerOn: (systemUuid, objection) => switched('on', systemUuid, objection),
  };
}

async function timed<T extends object>(work: () => Promise<T>): Promise<T & { readonly durationMs: number }> {
  const startMs = performance.now();
  const result = await work();
  return { ...result, durationMs: Math.round(performance.now() - startMs) };
}
