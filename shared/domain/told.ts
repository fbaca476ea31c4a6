import type { Answer } from '#shared/ports.ts';

/** What Nova answered to a request that changes something, as facts record it. */
export interface Told {
  readonly answer: Answer['kind'];
  readonly detail: string;
  readonly requestId: string | null;
  readonly durationMs: number;
}

export function toldAnswer(answer: Answer): Told {
  const { kind, durationMs } = answer;
  switch (answer.kind) {
    case 'accepted':
      return { answer: kind, detail: 'accepted', requestId: answer.requestId, durationMs };
    case 'refused':
      return {
        answer: kind,
        detail: `${answer.httpStatus} ${answer.message}`,
        requestId: answer.requestId,
        durationMs,
      };
    case 'unknown':
      return { answer: kind, detail: answer.error, requestId: null, durationMs };
  }
}

/** The answer again, of a fact that has its HTTP status too; null there: nobody knows what became of the request. */
export function answerOf({
  answer,
  detail,
  httpStatus,
  requestId,
  durationMs,
}: Told & { readonly httpStatus: number | null }): Answer {
  if (answer === 'accepted') return { kind: 'accepted', requestId, durationMs };
  if (httpStatus === null) return { kind: 'unknown', error: detail, durationMs };
  return { kind: 'refused', httpStatus, message: detail.slice(`${httpStatus} `.length), requestId, durationMs };
}
