#!/usr/bin/env node
// The way in: says clearly when the Node that runs it is too old to run TypeScript, instead of a stack trace.
import * as module from 'node:module';
import { fileURLToPath } from 'node:url';

const [major = 0, minor = 0] = process.versions.node.split('.').map(Number);
if (major > 22 || (major === 22 && minor >= 18)) {
  // Half of the time of a Tab, and of every short command. In our own folder: what lies there is run.
  module.enableCompileCache?.(fileURLToPath(new URL('../node_modules/.cache/salvor', import.meta.url)));
  await import('./main.ts');
} else {
  process.stderr.write(
    `salvor needs Node 22.18 or newer, this is ${process.versions.node}. "npm install" brings Node 24 along and ` +
      'npm scripts use it ("npm run drill"); if its install script was not run: "npm rebuild node".\n',
  );
  process.exitCode = 1;
}
