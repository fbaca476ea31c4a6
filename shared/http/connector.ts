import { TLSSocket } from 'node:tls';
import type { buildConnector } from 'undici';
import connectorOf from 'undici/lib/core/connect.js';

/** Its message holds nothing but fingerprints, which are public. */
export class CertificateNotPinned extends Error {
  override readonly name = 'CertificateNotPinned';
}

export interface ShownCertificate {
  /** Unix ms. */
  readonly expiresAtMs: number;
}

export interface CertificateChecks {
  /** SHA-256 of the one certificate to accept, in hexadecimal digits, with colons or without. */
  readonly pin?: string | undefined;
  /** Told of each certificate that was accepted, and of whom: `https://nova.example:8774`. */
  readonly onCertificate?: ((certificate: ShownCertificate, origin: string) => void) | undefined;
}

/**
 * Connections on which the certificate is looked at once the handshake is over, before a byte of a request is sent.
 * Sessions are not resumed, so that each connection shows it.
 */
export function lookingConnector(
  { pin, onCertificate }: CertificateChecks,
  options: buildConnector.BuildOptions,
): buildConnector.connector {
  const connect = connectorOf({ ...options, allowH2: false, maxCachedSessions: 0 });
  return (target, callback) =>
    connect(target, (error, socket) => {
      if (error !== null) return callback(error, null);
      const shown = socket instanceof TLSSocket ? socket.getPeerX509Certificate() : undefined;
      const fingerprint = shown === undefined ? undefined : digitsOf(shown.fingerprint256);
      if (pin !== undefined && fingerprint !== digitsOf(pin)) {
        socket.destroy();
        const told = fingerprint === undefined ? 'it shows none' : `it shows ${fingerprint}`;
        return callback(new CertificateNotPinned(`its certificate is not the pinned one: ${told}`), null);
      }
      if (shown !== undefined) onCertificate?.({ expiresAtMs: Date.parse(shown.validTo) }, originOf(target));
      callback(null, socket);
    });
}

/** As `URL.origin` has it: without the port that the protocol implies. */
const originOf = ({ protocol, hostname, host = hostname }: buildConnector.Options): string =>
  new URL(`${protocol}//${host}`).origin;

/** Of a fingerprint as openssl prints it, or without its colons. */
const digitsOf = (fingerprint: string): string => fingerprint.replaceAll(':', '').toLowerCase();
