/** Where a BMC listens: a name or an address, and a UDP port. */
export interface IpmiAddress {
  readonly host: string;
  readonly port: number;
}

const DEFAULT_PORT = 623;
const ADDRESS = /^(?:\[(?<v6>[0-9a-f:.]+(?:%\w+)?)\]|(?<host>[\w.{}-]+))(?::(?<port>\d{1,5}))?$/i;

/** `bmc-1`, `10.0.0.1:6230` or `[fd00::1]:623`; undefined for what is none. Without a port it is 623. */
export function ipmiAddressOf(text: string): IpmiAddress | undefined {
  const { v6, host = v6, port = DEFAULT_PORT } = ADDRESS.exec(text)?.groups ?? {};
  const number = Number(port);
  return host === undefined || number < 1 || number > 65_535 ? undefined : { host: host.toLowerCase(), port: number };
}
