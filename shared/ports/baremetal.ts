import type { Redact } from '#shared/http/redact.ts';
import type { Exchange } from '#shared/http/transport.ts';
import type { PowerReading } from './fencing.ts';

export interface BareMetalRequest {
  readonly method: 'GET' | 'PUT';
  /** Below `/v1`, with its query: `/nodes/compute-1`. */
  readonly path: string;
  readonly body?: unknown;
  /** Of `performance.now()`. */
  readonly deadlineMs: number;
}

/** An Ironic, with who asks already signed in. */
export interface BareMetal {
  /** One request, sent once. Never rejects. `refused`: nobody may sign in, or there is no Ironic; nothing was sent. */
  exchange(request: BareMetalRequest): Promise<Exchange | { readonly kind: 'refused'; readonly detail: string }>;
  readonly redact: Redact;
  /** The certificate that was shown last, as a reading has it, where that can be told. */
  shown?(): Pick<PowerReading, 'certificate'>;
}
