import { execFile } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { asLogin } from '#test/support/logins.ts';

const SALVOR = fileURLToPath(new URL('../../cli/salvor.mjs', import.meta.url));

/**
 * The program itself, as an operator runs it.
 * @param stateDir the folder of the pipeline's state
 * @returns what it printed
 * @throws with what it said when its exit status is not 0; the error has `stdout`
 */
export async function salvor(stateDir: string, ...command: readonly string[]): Promise<string> {
  return (await promisify(execFile)(process.execPath, [SALVOR, ...command, '--state-dir', stateDir])).stdout;
}

/** The same, by a person who has come in with the login `uid`. */
export async function salvorOf(uid: number, stateDir: string, ...command: readonly string[]): Promise<string> {
  const program = asLogin(uid, process.execPath, SALVOR, ...command, '--state-dir', stateDir);
  return (await promisify(execFile)(...program)).stdout;
}
