/** `refused`: the BMC says no for good, or is not who it should be. `failed`: it says nothing, or nothing of use. */
export interface Failure {
  readonly kind: 'refused' | 'failed';
  readonly detail: string;
  /** It is the account that is refused. */
  readonly credentials?: true;
}
export type Result<T> = { readonly kind: 'ok'; readonly value: T } | Failure;

export const ok = <T>(value: T): Result<T> => ({ kind: 'ok', value });
export const refused = (detail: string): Failure => ({ kind: 'refused', detail });
export const failed = (detail: string): Failure => ({ kind: 'failed', detail });
export const accountRefused = (detail: string): Failure => ({ kind: 'refused', detail, credentials: true });
