"""One Lambda execution environment as one local process group: `node init.mjs`, which starts the real AWS runtime
interface client. LocalStack posts invocations to a port of init.mjs and hears back at its own executor endpoint.

What the environment of LocalStack must hold:
  SALVOR_LAMBDA_NODE  the Node executable that runs the functions
  SALVOR_LAMBDA_INIT  the path of init.mjs
  SALVOR_LAMBDA_RIC   the entry file of the package aws-lambda-ric
"""

import json
import logging
import os
import shutil
import signal
import subprocess
import tempfile
import threading
from pathlib import Path

from localstack import config
from localstack.services.lambda_.invocation.executor_endpoint import ExecutorEndpoint
from localstack.services.lambda_.invocation.runtime_executor import RuntimeExecutor
from localstack.utils.net import get_free_tcp_port

LOG = logging.getLogger(__name__)
HOST = "127.0.0.1"
# V8 needs room beside its heap in the memory that the function was given.
HEAP_SHARE = 0.9
HEAP_MIN_MB = 64


class ProcessRuntimeExecutor(RuntimeExecutor):
    """What LocalStack's DockerRuntimeExecutor does, with a process in the place of the container."""

    def __init__(self, id, function_version):
        super().__init__(id=id, function_version=function_version)
        self.port = get_free_tcp_port()
        self.executor_endpoint = ExecutorEndpoint(id, container_address=HOST, container_port=self.port)
        self.process = None
        self.folder = None
        self.last_logs = ""

    def start(self, env_vars):
        """Returns when the function's module is loaded; raises if that failed or the runtime is not Node."""
        runtime = self.function_version.config.runtime or ""
        if not runtime.startswith("nodejs"):
            raise NotImplementedError(f"the process executor runs nodejs* only, not {runtime}")
        self.executor_endpoint.start()
        code = str(self.function_version.config.code.get_unzipped_code_location())
        self.folder = tempfile.mkdtemp(prefix="lambda-")
        with open(self._log_path(), "wb") as log:
            self.process = subprocess.Popen(
                [os.environ["SALVOR_LAMBDA_NODE"], os.environ["SALVOR_LAMBDA_INIT"]],
                env=self._environment(env_vars, code),
                cwd=code,
                # Nothing is ever written here: init.mjs ends when this pipe closes, so also when LocalStack is killed.
                stdin=subprocess.PIPE,
                stdout=log,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )
        threading.Thread(target=self._reap, args=(self.process,), daemon=True).start()
        self.executor_endpoint.wait_for_startup()

    def stop(self):
        if self.process and self.process.poll() is None:
            try:
                os.killpg(self.process.pid, signal.SIGKILL)
            except ProcessLookupError:
                pass
        try:
            self.executor_endpoint.shutdown()
        except Exception as error:
            LOG.debug("stopping the executor endpoint: %s", error)
        if self.folder:
            self.last_logs = self.get_logs()
            shutil.rmtree(self.folder, ignore_errors=True)

    def get_address(self):
        return HOST

    def get_endpoint_from_executor(self):
        return HOST

    def get_runtime_endpoint(self):
        return f"http://{HOST}:{config.GATEWAY_LISTEN[0].port}{self.executor_endpoint.get_endpoint_prefix()}"

    def invoke(self, payload):
        return self.executor_endpoint.invoke(payload)

    def get_logs(self):
        try:
            return Path(self._log_path()).read_text(errors="replace") if self.folder else ""
        except FileNotFoundError:
            return self.last_logs

    @classmethod
    def prepare_version(cls, function_version):
        if function_version.config.code:
            function_version.config.code.prepare_for_execution()

    @classmethod
    def cleanup_version(cls, function_version):
        pass

    def _log_path(self):
        return os.path.join(self.folder, "log")

    def _environment(self, env_vars, code):
        env = {key: str(value) for key, value in env_vars.items()}
        env.update(
            PATH=os.environ["PATH"],
            LAMBDA_TASK_ROOT=code,
            TMPDIR=self.folder,
            LOCALSTACK_INTEROP_PORT=str(self.port),
            SALVOR_LAMBDA_COMMAND=json.dumps(
                [os.environ["SALVOR_LAMBDA_NODE"], os.environ["SALVOR_LAMBDA_RIC"], env.get("_HANDLER", "")]
            ),
        )
        options = env.get("NODE_OPTIONS", "")
        if "max-old-space-size" not in options:
            memory_mb = int(env.get("AWS_LAMBDA_FUNCTION_MEMORY_SIZE", "128"))
            heap_mb = max(HEAP_MIN_MB, int(memory_mb * HEAP_SHARE))
            env["NODE_OPTIONS"] = f"{options} --max-old-space-size={heap_mb}".strip()
        return env

    def _reap(self, process):
        code = process.wait()
        startup = self.executor_endpoint.startup_future
        if startup and not startup.done():
            startup.set_exception(RuntimeError(f"init.mjs exited with {code} before the function was ready"))
