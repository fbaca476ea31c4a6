import { readFileSync } from 'node:fs';
import { parseDocument } from 'yaml';
import * as z from 'zod';
import { agentName } from '#events/fence-worker.ts';
import { PermanentError } from '#shared/errors.ts';

const text = z.string().min(1).max(255);
const concurrency = z.int().min(1).max(200);

const agent = z.strictObject({
  /** Sent to the agent each time. Who asks by the queue can't set these otherwise, and some only here. */
  parameters: z.record(z.string(), z.string()).default({}),
});

const network = z.strictObject({
  name: text,
  /** Ranges (`192.0.2.0/24`), single addresses, or names in which `*` is any text. */
  addresses: z.array(text).min(1),
  /** Agents that speak to it at the same time. */
  concurrency: concurrency.default(8),
});

const restart = z.strictObject({
  /** Units of systemd, by their full names or as reporters call them. */
  services: z.array(z.string().regex(/^[A-Za-z0-9_][A-Za-z0-9_.@-]{0,254}$/)).min(1),
  /** Nova's service hosts; `*` is any text. */
  hosts: z.array(text).min(1),
  /** A program and its arguments, in which `{host}` and `{service}` are filled in. No shell looks at it. */
  command: z.array(z.string()).min(1),
});

const workerConfig = z.strictObject({
  /** Which agents may be run at all. */
  agents: z
    .record(
      agentName,
      agent.nullish().transform((given) => given ?? { parameters: {} }),
    )
    .default({}),
  /** Where devices may be: credentials are shown to nobody else. */
  networks: z.array(network).default([]),
  /** Of agents that take no address. */
  concurrency: concurrency.default(4),
  restarts: z.array(restart).default([]),
});

export type WorkerConfig = z.infer<typeof workerConfig>;
export type NetworkConfig = z.infer<typeof network>;
export type RestartConfig = z.infer<typeof restart>;

/** @throws PermanentError that says what is wrong, at which key. */
export function readWorkerConfig(path: string): WorkerConfig {
  let content: string;
  try {
    content = readFileSync(path, 'utf8');
  } catch (error) {
    const code = error instanceof Error && 'code' in error ? String(error.code) : 'unknown';
    throw new PermanentError(`the fence worker's configuration ${path} can't be read (${code})`);
  }
  const document = parseDocument(content);
  const [fault] = document.errors;
  if (fault !== undefined) throw new PermanentError(`${path} is not YAML: ${fault.message}`);
  const parsed = workerConfig.safeParse(document.toJS());
  if (!parsed.success) throw new PermanentError(`${path} is wrong:\n${z.prettifyError(parsed.error)}`);
  return parsed.data;
}
