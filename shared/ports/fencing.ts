import type { FenceDeviceConfig } from '#shared/domain/policy-devices.ts';

export type { FenceDeviceConfig };

/** Power as the host's own device tells it at one moment. */
export interface PowerReading {
  readonly power: 'on' | 'off' | 'unknown';
  /** The system's own UUID (Redfish ComputerSystem.UUID), lower case; binds the device to its host. */
  readonly systemUuid: string | null;
  /** In a person's words; never holds a secret. */
  readonly detail: string;
  readonly durationMs: number;
  /** It was asked for before this call, in which the answer came. Unix ms. */
  readonly askedAtMs?: number;
  /** It is unknown as yet: the device is being asked still, and the next call finds what it says. */
  readonly pending?: true;
  /** It is unknown since the device does not take the credentials: asking again may lock the account. */
  readonly refused?: 'credentials';
  /** What the device showed, where the driver speaks TLS and the transport can tell. Unix ms. */
  readonly certificate?: { readonly expiresAtMs: number };
}

/** What a device tells of the account by which salvor asks it. */
export interface AccountReading {
  /** When its credentials end, in Unix ms; null: never, or it does not tell. */
  readonly endsAtMs: number | null;
  /** What is wrong with it although it is still taken, in words; null: nothing that it tells. */
  readonly trouble: string | null;
  /** Why nothing is known; null where it was read. */
  readonly untold: string | null;
}

export type PowerOffAnswer =
  | { readonly kind: 'accepted'; readonly detail: string; readonly durationMs: number }
  /** The device says no for good: credentials, no such system, not allowed. */
  | { readonly kind: 'refused'; readonly detail: string; readonly durationMs: number }
  /** A timeout, a broken connection, a 5xx: it may have worked. Only a reading tells. */
  | { readonly kind: 'unknown'; readonly detail: string; readonly durationMs: number };

/** Why something may not be done after all, in words; undefined when nothing is against it. */
export type Objection = () => Promise<string | undefined>;

/**
 * A host's own fence device. None of the methods throws for what the device answers or fails to answer:
 * no answer is never fenced, and the caller decides what to do.
 */
export interface FenceDevice {
  readPower(): Promise<PowerReading>;
  /** There where the device, or the credentials themselves, can tell. It takes several requests: not for each reading. */
  readAccount?(): Promise<AccountReading>;
  /**
   * @param systemUuid as it was read; another system by now is refused, with nothing sent (S2). Null: it told none.
   * @param objection asked when only the one request that has an effect is left to send, as what comes before it may take
   *   seconds. What it says is why that is not sent: then the answer is `refused`.
   */
  powerOff(systemUuid: string | null, objection?: Objection): Promise<PowerOffAnswer>;
  /**
   * The same for the way back: `accepted` is no sign that the host has started, or will. One that is on already is left
   * as it is.
   */
  powerOn(systemUuid: string | null, objection?: Objection): Promise<PowerOffAnswer>;
}

export interface Fencing {
  /** @throws PermanentError when the credentials do not exist or the driver is unknown. */
  device(config: FenceDeviceConfig): Promise<FenceDevice>;
}

/** Named secrets: Secrets Manager on AWS, a file of mode 600 at one site. */
export interface Secrets {
  /** @throws PermanentError when there is no such secret, naming it and where it was looked for. */
  get(name: string): Promise<Readonly<Record<string, string>>>;
}
