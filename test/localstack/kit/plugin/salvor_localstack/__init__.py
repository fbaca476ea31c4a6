"""Two LocalStack plugins. They import what they need on load, since LocalStack lists all plugins early."""

from localstack.runtime.server.core import RuntimeServerPlugin
from localstack.services.lambda_.invocation.plugins import RuntimeExecutorPlugin


class ProcessExecutorPlugin(RuntimeExecutorPlugin):
    """Runs Lambda functions in local Node processes, where stock LocalStack asks Docker for containers."""

    name = "process"

    def load(self, *args, **kwargs):
        from salvor_localstack.process import ProcessRuntimeExecutor

        return ProcessRuntimeExecutor


class LoopbackServerPlugin(RuntimeServerPlugin):
    """Listens on the address that GATEWAY_LISTEN names."""

    name = "loopback"

    def load(self, *args, **kwargs):
        from salvor_localstack.loopback import LoopbackRuntimeServer

        return LoopbackRuntimeServer()
