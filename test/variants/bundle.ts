import { mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { join, relative, sep } from 'node:path';
import { fileURLToPath } from 'node:url';
import { build } from 'esbuild';

const ROOT = fileURLToPath(new URL('../..', import.meta.url));

/** One place of the source that reads otherwise in a variant. */
export interface Patch {
  /** From the project's root. */
  readonly file: string;
  /** Stands in the file exactly once; whitespace as it is there. */
  readonly find: string;
  readonly replace: string;
}

export interface Bundle extends Disposable {
  readonly file: string;
}

/**
 * Bundles a program with some places of the project's source changed, in a folder of its own; the source stays as it is.
 * @throws Error when a patch does not fit the source any more: a variant that breaks nothing must not pass for one.
 */
export async function bundleWith(entry: string, patches: readonly Patch[]): Promise<Bundle> {
  // Beneath the project, as a drill looks for one of its packages where it stands.
  mkdirSync(join(ROOT, '.salvor'), { recursive: true });
  const folder = mkdtempSync(join(ROOT, '.salvor', 'variant-'));
  const file = join(folder, 'main.mjs');
  const unused = new Set(patches);
  const drop = () => rmSync(folder, { recursive: true, force: true });
  try {
    await build({
      entryPoints: [join(ROOT, entry)],
      absWorkingDir: ROOT,
      outfile: file,
      bundle: true,
      platform: 'node',
      format: 'esm',
      target: 'node24',
      logLevel: 'silent',
      banner: { js: "import { createRequire } from 'node:module'; const require = createRequire(import.meta.url);" },
      plugins: [
        {
          name: 'patch',
          setup({ onLoad }) {
            onLoad({ filter: /\.ts$/ }, async ({ path }) => {
              const name = relative(ROOT, path).split(sep).join('/');
              const mine = patches.filter((patch) => patch.file === name);
              if (mine.length === 0) return undefined;
              let contents = await readFile(path, 'utf8');
              for (const patch of mine) {
                contents = patched(contents, patch);
                unused.delete(patch);
              }
              return { contents, loader: 'ts' };
            });
          },
        },
      ],
    });
    for (const { file: name } of unused) throw new Error(`${entry} does not load ${name}`);
  } catch (error) {
    drop();
    throw error;
  }
  return { file, [Symbol.dispose]: drop };
}

function patched(contents: string, { file, find, replace }: Patch): string {
  const [before, after, ...more] = contents.split(find);
  if (before === undefined || after === undefined) throw new Error(`${file} does not hold this any more: ${find}`);
  if (more.length > 0) throw new Error(`${file} holds this more than once: ${find}`);
  return `${before}${replace}${after}`;
}
