import type { RestartService } from '#events/restart-service.ts';

/**
 * Asks a worker near the hosts to start a service again. What became of it is said by events: the worker's own, and Nova's.
 */
export interface LocalRestart {
  /**
   * Resolves once the request can't be lost any more. Asked twice with one id, the worker does it once.
   * @throws RetryableError when it may not be in the worker's queue; it may be sent again.
   * @throws PermanentError when there is no worker: none is set up here.
   */
  ask(request: RestartService): Promise<void>;
}
