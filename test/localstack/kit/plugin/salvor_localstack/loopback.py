"""LocalStack 4.14's own server takes the port from GATEWAY_LISTEN but, for IPv4, not the address: it listens on every
interface. This one keeps to the address. It serves plain HTTP only."""

from localstack.runtime.server.twisted import TwistedRuntimeServer
from rolo.serving.twisted import TwistedGateway
from twisted.internet import endpoints, reactor


class LoopbackRuntimeServer(TwistedRuntimeServer):
    def register(self, gateway, listen, ssl_creds=None):
        site = TwistedGateway(gateway)
        for address in listen:
            endpoints.TCP4ServerEndpoint(reactor, address.port, interface=address.host).listen(site)
