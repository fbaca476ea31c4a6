"""Neutron ML2 mechanism driver for a rig without agents: binds every port on any host at once."""
from neutron_lib.api.definitions import portbindings
from neutron_lib.plugins.ml2 import api
from sqlalchemy import orm


class RigMechanismDriver(api.MechanismDriver):
    def initialize(self):
        # Listing ports uses a back reference (Port.port_forwardings) that SQLAlchemy makes with the first other query.
        orm.configure_mappers()

    def bind_port(self, context):
        for segment in context.segments_to_bind:
            context.set_binding(segment[api.ID], portbindings.VIF_TYPE_OVS,
                                {portbindings.CAP_PORT_FILTER: True}, status="ACTIVE")
            return
