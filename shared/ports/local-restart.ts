export interface RestartAnswer {
  /**
   * `restarted`: the service was started, as its host says. `refused`: nothing was done, and nothing would be another time.
   * `failed`: it could not be started. `unknown`: it may have been.
   */
  readonly kind: 'restarted' | 'refused' | 'failed' | 'unknown';
  readonly detail: string;
  readonly durationMs: number;
}

/** Starts a dead service of a living host again, before anything dearer is done to the host. */
export interface LocalRestart {
  /**
   * Never throws.
   * @param worker name of the program near the hosts that does it
   * @param host Nova's service host name
   */
  restart(worker: string, host: string, service: string): Promise<RestartAnswer>;
}
