import { cpSync, mkdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';

/**
 * `npm run web`: the console as static files in web/dist/, which the HTTP endpoint serves below /console/. `npm install` does it;
 * one that leaves out what only building needs (`--omit=dev`) goes on without a console.
 */
const { build } = await import('esbuild').catch(() => {
  process.stderr.write('esbuild is not installed: the console is not built\n');
  process.exit(0);
});
const here = import.meta.dirname;
const out = join(here, 'dist');

rmSync(out, { recursive: true, force: true });
mkdirSync(join(out, 'assets'), { recursive: true });
await build({
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
});
cpSync(join(here, 'index.html'), join(out, 'index.html'));
