import type { Audience } from '#cli/drill/drill.ts';

/** Nobody watches. */
export const nobody: Audience = { scene: () => undefined, line: () => undefined, progress: () => undefined };
