import { TLSSocket } from 'node:tls';
import type { buildConnector } from 'undici';
import connectorOf from 'undici/lib/core/connect.js';

/** Its message holds nothing but fingerprints, which are public. */
export class CertificateNotPinned extends Error {
  override readonly name = 'CertificateNotPinned';
}

/**
 * Connections to the owner of one certificate only: its SHA-256 is compared once the handshake is over, before a byte of a
 * request is sent. Sessions are not resumed, so that each connection shows the certificate.
 */
export function pinnedConnector(sha256: string, options: buildConnector.BuildOptions): buildConnector.connector {
  const wanted = digitsOf(sha256);
  const connect = connectorOf({ ...options, allowH2: false, maxCachedSessions: 0 });
  return (target, callback) =>
    connect(target, (error, socket) => {
      if (error !== null) return callback(error, null);
      const shown = socket instanceof TLSSocket ? socket.getPeerX509Certificate()?.fingerprint256 : undefined;
      if (shown !== undefined && digitsOf(shown) === wanted) return callback(null, socket);
      socket.destroy();
      const told = shown === undefined ? 'it shows none' : `it shows ${digitsOf(shown)}`;
      callback(new CertificateNotPinned(`its certificate is not the pinned one: ${told}`), null);
    });
}

/** Of a fingerprint as openssl prints it, or without its colons. */
const digitsOf = (fingerprint: string): string => fingerprint.replaceAll(':', '').toLowerCase();
