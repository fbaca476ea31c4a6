/** Until a power-off or a force-down that was sent, and whose answer was lost, is looked after by `sweep`. */
export const ANSWER_DUE_MS = 30_000;
