// The "init" of one Lambda execution environment: sits between LocalStack and the runtime interface client.
//
//   LocalStack ── POST /invoke ──▶ init ◀── GET /invocation/next, POST response or error ── aws-lambda-ric + function
//        ◀── ready, logs, result ──┘
//
// Towards LocalStack it speaks the protocol of LocalStack's own init (4.14); towards the function the AWS Lambda Runtime
// API, 2018-06-01 (https://docs.aws.amazon.com/lambda/latest/dg/runtimes-api.html). As in Lambda, a function that runs
// into its timeout is killed and started afresh. Listens on 127.0.0.1 only; ends when its standard input closes.
import { spawn } from 'node:child_process';
import http from 'node:http';

const HOST = '127.0.0.1';
const environment = process.env;
const localStackUrl = environment.LOCALSTACK_RUNTIME_ENDPOINT;
const environmentId = environment.LOCALSTACK_RUNTIME_ID;
const timeoutSeconds = Number(environment.AWS_LAMBDA_FUNCTION_TIMEOUT || 3);
const memoryMb = environment.AWS_LAMBDA_FUNCTION_MEMORY_SIZE || '128';
const functionVersion = environment.AWS_LAMBDA_FUNCTION_VERSION || '$LATEST';
const [command, ...commandArguments] = JSON.parse(environment.SALVOR_LAMBDA_COMMAND);
/** How long the last line a function printed may take through its pipe after its response, in milliseconds. */
const PIPE_DRAIN_MS = 2;

/** The function's process. */
let child = null;
/** True from the first `next` on: the function's module is loaded. */
let ready = false;
/** The held response of a `next` request that waits for an invocation. */
let idle = null;
/** The invocation that `next` has not handed out yet. */
let queued = null;
/** The invocation under way: { id, startedAtMs, timer }. */
let current = null;
/** What was printed since the last invocation ended. */
let logs = '';

/** Posts to LocalStack. Never rejects: LocalStack has its own deadline for every answer. */
function post(path, body = '') {
  const bytes = Buffer.from(body);
  const headers = { 'content-type': 'application/json', 'content-length': bytes.length };
  return new Promise((resolve) => {
    const request = http.request(localStackUrl + path, { method: 'POST', headers }, (response) => {
      response.resume();
      response.on('end', resolve);
    });
    request.on('error', (error) => {
      process.stderr.write(`init: POST ${path}: ${error.message}\n`);
      resolve();
    });
    request.end(bytes);
  });
}

async function bodyOf(request) {
  const chunks = [];
  for await (const chunk of request) chunks.push(chunk);
  return Buffer.concat(chunks);
}

function startFunction() {
  const own = /^(SALVOR_LAMBDA_|LOCALSTACK_(RUNTIME|INTEROP|CHMOD|INIT|USER))/;
  const env = Object.fromEntries(Object.entries(environment).filter(([name]) => !own.test(name)));
  env.AWS_LAMBDA_RUNTIME_API = `${HOST}:${runtimeApi.address().port}`;
  const started = spawn(command, commandArguments, {
    cwd: environment.LAMBDA_TASK_ROOT,
    env,
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  child = started;
  const print = (chunk) => {
    logs += chunk;
    process.stdout.write(chunk);
  };
  started.stdout.on('data', print);
  started.stderr.on('data', print);
  started.on('error', (error) => print(`init: ${error.message}\n`));
  started.on('close', (code, signal) => {
    if (started === child) onExit(code, signal);
  });
}

function onExit(code, signal) {
  idle = null;
  const reason = signal ? `signal: ${signal}` : `exit status ${code}`;
  const error = JSON.stringify({
    errorType: 'Runtime.ExitError',
    errorMessage: `RequestId: ${current?.id ?? ''} Error: Runtime exited with error: ${reason}`,
  });
  if (!ready) {
    void post(`/status/${environmentId}/error`, error).then(() => process.exit(1));
    return;
  }
  if (current) void finish('error', error);
  startFunction();
}

/** Reports the invocation under way. `kind` is `response` or `error`, as in the Runtime API. */
async function finish(kind, body) {
  const invocation = current;
  if (!invocation) return;
  current = null;
  clearTimeout(invocation.timer);
  await new Promise((resolve) => setTimeout(resolve, PIPE_DRAIN_MS));
  const durationMs = performance.now() - invocation.startedAtMs;
  const report = [
    `REPORT RequestId: ${invocation.id}`,
    `Duration: ${durationMs.toFixed(2)} ms`,
    `Billed Duration: ${Math.ceil(durationMs)} ms`,
    `Memory Size: ${memoryMb} MB`,
    `Max Memory Used: ${memoryMb} MB`,
  ].join('\t');
  const printed = `${logs}END RequestId: ${invocation.id}\n${report}\t\n`;
  logs = '';
  await post(`/invocations/${invocation.id}/logs`, JSON.stringify({ logs: printed }));
  await post(`/invocations/${invocation.id}/${kind}`, body);
}

function onTimeout() {
  const at = new Date().toISOString().replace(/\.\d+Z/, 'Z');
  const errorMessage = `${at} ${current.id} Task timed out after ${timeoutSeconds}.00 seconds`;
  logs += `${errorMessage}\n\n`;
  const late = child;
  child = null;
  idle = null;
  late.kill('SIGKILL');
  void finish('error', JSON.stringify({ errorMessage }));
  startFunction();
}

function handOut() {
  if (!idle || !queued) return;
  const [response, invocation] = [idle, queued];
  idle = null;
  queued = null;
  response.writeHead(200, {
    'content-type': 'application/json',
    'lambda-runtime-aws-request-id': invocation.id,
    'lambda-runtime-invoked-function-arn': invocation.functionArn,
    'lambda-runtime-trace-id': invocation.traceId,
    'lambda-runtime-deadline-ms': String(Date.now() + timeoutSeconds * 1000),
  });
  response.end(invocation.payload);
}

const runtimeApi = http.createServer(async (request, response) => {
  const path = request.url.replace(/^\/2018-06-01\/runtime/, '');
  if (path === '/invocation/next') {
    idle = response;
    if (!ready) {
      ready = true;
      await post(`/status/${environmentId}/ready`);
    }
    handOut();
    return;
  }
  const body = await bodyOf(request);
  const result = path.match(/^\/invocation\/([^/]+)\/(response|error)$/);
  if (result && current?.id === result[1]) void finish(result[2], body);
  if (path === '/init/error') {
    if (ready) void finish('error', body);
    else await post(`/status/${environmentId}/error`, body);
  }
  response.writeHead(202, { 'content-type': 'application/json' });
  response.end('{"status":"OK"}');
});
// A `next` request is held for as long as nothing happens.
runtimeApi.keepAliveTimeout = 0;
runtimeApi.requestTimeout = 0;
runtimeApi.headersTimeout = 0;

const invocations = http.createServer(async (request, response) => {
  const message = JSON.parse((await bodyOf(request)).toString());
  response.end('OK');
  const id = message['invoke-id'];
  logs += `START RequestId: ${id} Version: ${functionVersion}\n`;
  current = { id, startedAtMs: performance.now(), timer: setTimeout(onTimeout, timeoutSeconds * 1000) };
  queued = {
    id,
    functionArn: message['invoked-function-arn'],
    payload: message.payload,
    traceId: message['trace-id'] ?? '',
  };
  handOut();
});

function end() {
  child?.kill('SIGKILL');
  process.exit(0);
}
process.on('SIGTERM', end);
process.on('SIGINT', end);
process.stdin.on('close', end);
process.stdin.resume();

runtimeApi.listen(0, HOST, () => {
  invocations.listen(Number(environment.LOCALSTACK_INTEROP_PORT), HOST, startFunction);
});
