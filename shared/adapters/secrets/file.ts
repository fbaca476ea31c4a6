import { type FileHandle, open } from 'node:fs/promises';
import { parse, YAMLParseError } from 'yaml';
import { PermanentError } from '#shared/errors.ts';
import type { Secrets } from '#shared/ports.ts';
import { flatRecord, isRecord } from './record.ts';

/**
 * Secrets of a YAML or JSON file that only its owner may read: a mapping from the name of each secret to its fields. The
 * file is read at each call, so that a changed password needs no restart.
 */
export function fileSecrets(path: string): Secrets {
  return {
    get: async (name) => {
      const document = await documentIn(path);
      if (!isRecord(document))
        throw new PermanentError(`${path} is not a mapping from the names of secrets to their fields`);
      const record = Object.hasOwn(document, name) ? document[name] : undefined;
      if (record === undefined) throw new PermanentError(`there is no secret ${name} in ${path}`);
      if (!isRecord(record)) throw new PermanentError(`secret ${name} in ${path} is not a mapping of fields`);
      return flatRecord(record);
    },
  };
}

async function documentIn(path: string): Promise<unknown> {
  const text = await privateText(path);
  try {
    // Every scalar stays text: a password of digits must not become a number.
    return parse(text, { schema: 'failsafe' });
  } catch (error) {
    // The parser's own message quotes the line, and with it the secret.
    const line = error instanceof YAMLParseError ? error.linePos?.[0].line : undefined;
    throw new PermanentError(`${path} is not valid YAML${line === undefined ? '' : ` (line ${line})`}`);
  }
}

async function privateText(path: string): Promise<string> {
  let file: FileHandle | undefined;
  try {
    file = await open(path);
    const mode = (await file.stat()).mode & 0o777;
    if ((mode & 0o077) !== 0)
      throw new PermanentError(`${path} is open to others (mode ${mode.toString(8)}): run chmod 600 ${path}`);
    return await file.readFile('utf8');
  } catch (error) {
    if (error instanceof PermanentError) throw error;
    const code = error instanceof Error && 'code' in error ? String(error.code) : 'unknown';
    throw new PermanentError(`the secrets file ${path} can't be read (${code})`);
  } finally {
    await file?.close();
  }
}
