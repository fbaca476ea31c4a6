import { execFileSync } from 'node:child_process';
import { X509Certificate } from 'node:crypto';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

export interface Certificate {
  /** PEM. */
  readonly key: string;
  /** PEM; it is its own CA. */
  readonly cert: string;
  /** As openssl prints it, with colons. */
  readonly sha256: string;
  /** Unix ms. */
  readonly expiresAtMs: number;
}

/** A new self-signed certificate for 127.0.0.1. */
export function certificate(): Certificate {
  const folder = mkdtempSync(join(tmpdir(), 'salvor-tls-'));
  const [keyFile, certFile] = [join(folder, 'key.pem'), join(folder, 'cert.pem')];
  const subject = ['-subj', '/CN=127.0.0.1', '-addext', 'subjectAltName=IP:127.0.0.1'];
  const kind = ['req', '-x509', '-newkey', 'rsa:2048', '-nodes', '-days', '2'];
  try {
    execFileSync('openssl', [...kind, '-keyout', keyFile, '-out', certFile, ...subject], { stdio: 'ignore' });
    const [key, cert] = [readFileSync(keyFile, 'utf8'), readFileSync(certFile, 'utf8')];
    const { fingerprint256: sha256, validTo } = new X509Certificate(cert);
    return { key, cert, sha256, expiresAtMs: Date.parse(validTo) };
  } finally {
    rmSync(folder, { recursive: true });
  }
}
