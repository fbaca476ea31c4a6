import { CommanderError } from 'commander';
import { EXIT, UsageError } from './exit.ts';
import { explain } from './output.ts';
import { salvorProgram } from './program.ts';

// Whoever reads has seen enough: `salvor audit compute-7 | head`.
process.stdout.on('error', (error: NodeJS.ErrnoException) => {
  if (error.code !== 'EPIPE') throw error;
  process.exit(EXIT.well);
});

try {
  await salvorProgram().parseAsync();
} catch (error) {
  process.exitCode = statusOf(error);
  // commander has said already what is wrong.
  if (!(error instanceof CommanderError)) process.stderr.write(`salvor: ${explain(error)}\n`);
}

function statusOf(error: unknown): number {
  if (error instanceof CommanderError) return error.exitCode === EXIT.well ? EXIT.well : EXIT.usage;
  return error instanceof UsageError ? EXIT.usage : EXIT.failed;
}
