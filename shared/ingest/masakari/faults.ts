/** Names of error bodies by HTTP status, as Masakari has them (`masakari/api/openstack/wsgi.py`, class Fault). */
const NAMES: Readonly<Record<number, string>> = {
  400: 'badRequest',
  401: 'unauthorized',
  403: 'forbidden',
  404: 'itemNotFound',
  405: 'badMethod',
  409: 'conflictingRequest',
  413: 'overLimit',
  415: 'badMediaType',
  429: 'overLimit',
  503: 'serviceUnavailable',
};

export type FaultStatus = 400 | 403 | 404 | 405 | 406 | 409 | 413 | 415 | 429 | 500 | 503;

/**
 * An answer that says no. Masakari's monitors drop what is answered with 400 or 409 for ever, and send all else again:
 * whatever may be different a moment later is a 503.
 */
export class Fault extends Error {
  override readonly name = 'Fault';
  readonly status: FaultStatus;
  constructor(status: FaultStatus, message: string) {
    super(message);
    this.status = status;
  }
}

export const badRequest = (message: string): Fault => new Fault(400, message);
export const notFound = (message: string): Fault => new Fault(404, message);
export const conflict = (message: string): Fault => new Fault(409, message);

export const faultBody = ({ status, message }: Fault): object => ({
  [NAMES[status] ?? 'masakariFault']: { code: status, message },
});
