import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { build, type Plugin } from 'esbuild';
import { ENDPOINTS, type FunctionName, QUEUES, SCHEDULES } from '#events/catalog.ts';
import type { Policy } from '#shared/domain/policy.ts';
import { bundleConsole } from './bundle-console.ts';

const ROOT = fileURLToPath(new URL('..', import.meta.url));

/** Every function of the catalogue. */
export const FUNCTION_NAMES: readonly FunctionName[] = [
  ...Object.values(QUEUES),
  ...Object.values(SCHEDULES),
  ...Object.values(ENDPOINTS),
].map((spec) => spec.function);

/** The policy's file beside a function's code. Lambda starts a function in the folder of its code. */
export const POLICY_FILE = 'policy.json';
export const HANDLER = 'index.handler';

export interface Bundle {
  readonly name: FunctionName;
  /** The folder with `index.mjs`, the chunks that it loads later, and the policy. */
  readonly folder: string;
  /** Of `index.mjs` and its chunks together, minified. */
  readonly bytes: number;
  /** How many bytes each package adds, largest first; `salvor` is this project. */
  readonly packages: readonly (readonly [name: string, bytes: number])[];
  /** The files of which something is in it, by their paths in the project. */
  readonly files: readonly string[];
}

/**
 * Files that no function reaches, although something imports them. Each is replaced by one that throws if it is
 * loaded all the same. Together they are a fifth of a bundle.
 */
const NEVER_LOADED: readonly { readonly path: RegExp; readonly because: string }[] = [
  {
    path: /[\\/]undici[\\/]lib[\\/]milo[\\/]/,
    because: "undici's experimental parser is off unless an option asks for it",
  },
  {
    path: /[\\/]undici[\\/]lib[\\/]llhttp[\\/]llhttp-wasm\.js$/,
    because: 'it is for processors without SIMD; those of Lambda have it',
  },
];

const leaveOut: Plugin = {
  name: 'leave-out',
  setup({ onLoad }) {
    for (const { path, because } of NEVER_LOADED)
      onLoad({ filter: path }, () => ({
        contents: `throw new Error(${JSON.stringify(`left out of the bundle: ${because}`)})`,
      }));
  },
};

/** Packages in CommonJS require Node's own modules, and an ES module has no `require`. */
const REQUIRE =
  "import{createRequire as createRequireHere}from'node:module';const require=createRequireHere(import.meta.url);";

/**
 * Bundles one function, the AWS SDK included, for Node 24: `<outdir>/<name>/index.mjs`. What a function imports
 * dynamically (everything about the cloud) is in chunks beside it, so that a start compiles only what it needs.
 * @param write false: only find out what would be in it.
 * @throws Error of esbuild, with the place, when something can't be resolved.
 */
export async function bundleFunction(name: FunctionName, outdir: string, { write = true } = {}): Promise<Bundle> {
  const folder = join(outdir, name);
  const { metafile } = await build({
    absWorkingDir: ROOT,
    entryPoints: { index: `functions/${name}.ts` },
    outdir: folder,
    outExtension: { '.js': '.mjs' },
    bundle: true,
    splitting: true,
    write,
    platform: 'node',
    target: 'node24',
    format: 'esm',
    // The SDK's ES modules can be shaken; its CommonJS can't.
    mainFields: ['module', 'main'],
    minify: true,
    legalComments: 'none',
    banner: { js: REQUIRE },
    plugins: [leaveOut],
    metafile: true,
    logLevel: 'silent',
  });
  const outputs = Object.values(metafile.outputs);
  const packages = new Map<string, number>();
  const files = new Set<string>();
  for (const [path, { bytesInOutput }] of outputs.flatMap(({ inputs }) => Object.entries(inputs))) {
    const owner = packageOf(path);
    packages.set(owner, (packages.get(owner) ?? 0) + bytesInOutput);
    if (bytesInOutput > 0) files.add(path);
  }
  return {
    name,
    folder,
    bytes: outputs.reduce((sum, output) => sum + output.bytes, 0),
    packages: [...packages].sort(([, a], [, b]) => b - a),
    files: [...files],
  };
}

const packageOf = (path: string): string => /.*node_modules\/((?:@[^/]+\/)?[^/]+)/.exec(path)?.[1] ?? 'salvor';

/**
 * Bundles every function of the catalogue with the checked policy beside it. The same input makes the same bytes, so
 * a deployment uploads only what has changed.
 */
export async function bundleFunctions(outdir: string, policy: Policy): Promise<readonly Bundle[]> {
  return Promise.all(
    FUNCTION_NAMES.map(async (name) => {
      const bundle = await bundleFunction(name, outdir);
      await mkdir(bundle.folder, { recursive: true });
      await writeFile(join(bundle.folder, POLICY_FILE), JSON.stringify(policy));
      if (name === 'http-api') await bundleConsole(bundle.folder);
      return bundle;
    }),
  );
}
