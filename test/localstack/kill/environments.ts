import { readdirSync, readFileSync } from 'node:fs';
import { setTimeout as pause } from 'node:timers/promises';
import * as z from 'zod';
import type { FunctionName } from '#events/catalog.ts';

/** The runtime interface client of the kit: its process is the one that runs a function's code. */
const RUNTIME = 'aws-lambda-ric';
const READY_TIMEOUT_MS = 60_000;

/** Process ids of what runs a function on this machine now. LocalStack runs one process for each of its environments. */
export function environmentsOf(functionName: string): readonly number[] {
  return readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name) && isEnvironmentOf(name, functionName))
    .map(Number);
}

/**
 * Kills environments with SIGKILL, as when the machine under them fails.
 * @returns whether one of them still lived.
 */
export function killEnvironments(pids: readonly number[]): boolean {
  return pids.filter((pid) => killOne(pid)).length > 0;
}

function killOne(pid: number): boolean {
  try {
    return process.kill(pid, 'SIGKILL');
  } catch {
    return false;
  }
}

function isEnvironmentOf(pid: string, functionName: string): boolean {
  try {
    if (!readFileSync(`/proc/${pid}/cmdline`, 'utf8').includes(RUNTIME)) return false;
    const variables = readFileSync(`/proc/${pid}/environ`, 'utf8').split('\0');
    return variables.includes(`AWS_LAMBDA_FUNCTION_NAME=${functionName}`);
  } catch {
    return false;
  }
}

const configurationSchema = z.looseObject({
  State: z.string().optional(),
  LastUpdateStatus: z.string().optional(),
  Environment: z.looseObject({ Variables: z.record(z.string(), z.string()) }),
});

/** GetFunctionConfiguration and UpdateFunctionConfiguration, without a client: the emulator checks no signature. */
export async function setVariables(
  endpoint: string,
  functionName: string,
  variables: Readonly<Record<string, string>>,
): Promise<void> {
  const url = `${endpoint}/2015-03-31/functions/${functionName}/configuration`;
  const read = async () => configurationSchema.parse(await (await fetch(url, { headers: SIGNED })).json());
  const { Environment } = await read();
  const body = JSON.stringify({ Environment: { Variables: { ...Environment.Variables, ...variables } } });
  const response = await fetch(url, { method: 'PUT', headers: SIGNED, body });
  if (!response.ok) throw new Error(`${functionName} was not changed: ${await response.text()}`);
  const deadlineMs = performance.now() + READY_TIMEOUT_MS;
  for (;;) {
    const { State, LastUpdateStatus } = await read();
    if (State === 'Active' && LastUpdateStatus === 'Successful') return;
    if (performance.now() > deadlineMs) throw new Error(`${functionName} is ${State}, its update ${LastUpdateStatus}`);
    await pause(200);
  }
}

/** Invokes a function that runs by the clock, and waits for its end. */
export async function invoke(endpoint: string, functionName: FunctionName | string): Promise<void> {
  const url = `${endpoint}/2015-03-31/functions/${functionName}/invocations`;
  const response = await fetch(url, { method: 'POST', headers: SIGNED, body: '{}' });
  if (!response.ok || response.headers.has('x-amz-function-error'))
    throw new Error(`${functionName} failed: ${await response.text()}`);
}

/** Tells the emulator which service is meant. */
const SIGNED = {
  authorization:
    'AWS4-HMAC-SHA256 Credential=test/20260101/us-east-1/lambda/aws4_request, SignedHeaders=host, Signature=0',
  'content-type': 'application/json',
};
