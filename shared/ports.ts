/**
 * What the functions need of the outside. Each port has one contract suite in `test/contracts/` that every adapter
 * passes, the fakes included.
 */
export type * from './ports/access.ts';
export type * from './ports/baremetal.ts';
export type * from './ports/fencing.ts';
export type * from './ports/guests.ts';
export type * from './ports/local-restart.ts';
export type * from './ports/notifier.ts';
export type * from './ports/nova.ts';
export type * from './ports/oidc.ts';
export type * from './ports/queue.ts';
export type * from './ports/state.ts';
export type * from './ports/system.ts';
export type * from './ports/tokens.ts';
export type * from './ports/workers.ts';
