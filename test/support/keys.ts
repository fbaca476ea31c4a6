import { generateKeyPairSync, type KeyObject } from 'node:crypto';

const inPem = ({ privateKey, publicKey }: { readonly privateKey: KeyObject; readonly publicKey: KeyObject }) => ({
  privateKey: String(privateKey.export({ type: 'pkcs8', format: 'pem' })),
  publicKey: String(publicKey.export({ type: 'spki', format: 'pem' })),
});
/** A pair of keys in PEM, made for the test. */
export const newKeys = (kind: 'ed25519' | 'rsa' = 'ed25519') =>
  inPem(kind === 'rsa' ? generateKeyPairSync('rsa', { modulusLength: 2048 }) : generateKeyPairSync('ed25519'));
