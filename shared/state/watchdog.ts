import type { WatchdogLease } from '#shared/domain/watchdog.ts';
import type { ItemKey, StateReader, StateWrite } from '#shared/ports.ts';
import { type Loaded, load, put } from './items.ts';

/** One item for each host whose watchdog ever had a lease; read and written consistently, never mirrored. */
const keyOf = (hostKey: string): ItemKey => ({ partition: `watchdog#${hostKey}`, sort: 'lease' });

export const loadWatchdog = (state: StateReader, hostKey: string): Promise<Loaded<WatchdogLease> | undefined> =>
  load<WatchdogLease>(state, keyOf(hostKey));

/** Fails when somebody else has written the lease since it was read. */
export const watchdogWrite = (before: Loaded<WatchdogLease> | undefined, lease: WatchdogLease): StateWrite =>
  put(keyOf(lease.hostKey), before?.version ?? 'absent', lease);
