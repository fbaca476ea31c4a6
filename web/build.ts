import { cpSync, mkdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import type { Metafile } from 'esbuild';

/** `npm install` builds the console; one that leaves out what only building needs (`--omit=dev`) goes on without. */
const { build } = await import('esbuild').catch(() => {
  process.stderr.write('esbuild is not installed: the console is not built\n');
  process.exit(0);
});
const here = import.meta.dirname;

/**
 * The console as static files, which the HTTP endpoint serves below /console/.
 * @param out emptied first
 * @returns what was made of what, and what loads what (esbuild, "Metafile")
 */
export async function buildConsole(out = join(here, 'dist')): Promise<Metafile> {
  rmSync(out, { recursive: true, force: true });
  mkdirSync(join(out, 'assets'), { recursive: true });
  const { metafile } = await build({
    entryPoints: [join(here, 'src', 'main.tsx')],
    outdir: join(out, 'assets'),
    bundle: true,
    splitting: true,
    minify: true,
    format: 'esm',
    target: ['es2023'],
    jsx: 'automatic',
    define: { 'process.env.NODE_ENV': '"production"' },
    chunkNames: '[name]-[hash]',
    tsconfig: join(here, 'tsconfig.json'),
    logLevel: 'warning',
    metafile: true,
  });
  cpSync(join(here, 'index.html'), join(out, 'index.html'));
  return metafile;
}

// `npm run web`
if (import.meta.main) await buildConsole();
