import type { ShownCertificate } from '#shared/http/connector.ts';
import { httpTransport, type Transport, type TransportOptions } from '#shared/http/transport.ts';

/** How a device's certificate is checked. */
export type DeviceTls = Pick<TransportOptions, 'caPem' | 'insecureTls' | 'certificateSha256'>;

export interface DeviceTransport extends Pick<Transport, 'exchange'> {
  /** The certificate that was shown last, as a reading has it. */
  shown(): { readonly certificate?: ShownCertificate };
}

/** Devices are small web servers: they keep few connections, and close idle ones without a word. */
export function deviceTransport(tls: DeviceTls = {}): DeviceTransport {
  let last: ShownCertificate | undefined;
  const transport = httpTransport({
    maxConnections: 2,
    reuseConnections: false,
    ...tls,
    onCertificate: (certificate) => {
      last = certificate;
    },
  });
  return {
    exchange: transport.exchange,
    shown: () => (last === undefined ? {} : { certificate: last }),
  };
}
