import type { ContentfulStatusCode } from 'hono/utils/http-status';

/** An error answer of Nova's: status and message end up in the body that nova/api/openstack/wsgi.py makes. */
export class NovaError extends Error {
  readonly status: ContentfulStatusCode;
  constructor(status: ContentfulStatusCode, message: string) {
    super(message);
    this.name = 'NovaError';
    this.status = status;
  }
}

/** Fault names of nova/api/openstack/wsgi.py; anything else is `computeFault`. */
const FAULT_NAMES: Readonly<Record<number, string>> = {
  400: 'badRequest',
  401: 'unauthorized',
  403: 'forbidden',
  404: 'itemNotFound',
  405: 'badMethod',
  409: 'conflictingRequest',
  413: 'overLimit',
  429: 'overLimit',
  501: 'notImplemented',
  503: 'serviceUnavailable',
};

export function faultBody(status: number, message: string): Record<string, { code: number; message: string }> {
  return { [FAULT_NAMES[status] ?? 'computeFault']: { code: status, message } };
}

export const INTERNAL_ERROR =
  'Unexpected API Error. Please report this at http://bugs.launchpad.net/nova/ and attach the Nova API log if possible.\n';

/** 403 as oslo.policy's refusal becomes. */
export function forbidden(policy: string): NovaError {
  return new NovaError(403, `Policy doesn't allow os_compute_api:${policy} to be performed.`);
}

export function serverNotFound(id: string): NovaError {
  return new NovaError(404, `Instance ${id} could not be found.`);
}
