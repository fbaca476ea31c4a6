/** The work goes on after its time, as nothing in a process can stop it; what becomes of it then is not looked at. */
export class TimeoutError extends Error {
  override readonly name = 'TimeoutError';
}

/** @throws TimeoutError when the work has not ended in time; otherwise what it throws. */
export async function within<Result>(seconds: number, work: Promise<Result>): Promise<Result> {
  const late = Promise.withResolvers<never>();
  const timer = setTimeout(() => late.reject(new TimeoutError(`did not end within ${seconds} s`)), seconds * 1000);
  try {
    return await Promise.race([work, late.promise]);
  } finally {
    clearTimeout(timer);
  }
}

export const messageOf = (error: unknown): string => (error instanceof Error ? error.message : String(error));
