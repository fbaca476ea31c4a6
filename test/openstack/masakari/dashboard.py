"""What masakari-dashboard asks of the SDK (masakaridashboard/api/api.py), with the versions that it asks for; prints JSON."""
import itertools
import json

import openstack


def client(version=None):
    return openstack.connect(**({} if version is None else {"ha_api_version": version})).instance_ha


def page(rows, limit):
    return [row.to_dict() for row in itertools.islice(rows, limit)]


told = {}
told["segments"] = page(client().segments(limit=101), 101)
segment = client().create_segment(name="made in the dashboard", recovery_method="auto", service_type="COMPUTE", description="")
client().update_segment(segment.uuid, name="renamed there", recovery_method="auto", service_type="COMPUTE", description="a\nb")
client().update_segment(segment.uuid, is_enabled=False)
told["segment"] = client().get_segment(segment.uuid).to_dict()
host = client().create_host(segment.uuid, name="compute-4", reserved=False, type="COMPUTE", control_attributes="SSH", on_maintenance=False)
client().update_host(host.uuid, segment.uuid, on_maintenance=True)
told["host"] = client().get_host(host.uuid, segment.uuid).to_dict()
told["hosts"] = page(client().hosts(segment.uuid), 100)
client().delete_host(host.uuid, segment.uuid, False)
client().delete_segment(segment.uuid, True)

# Page by page, as its tables do: one more than is shown, and the number of the last one as the marker.
first = page(client().notifications(limit=3), 3)
told["pages"] = [first, page(client().notifications(limit=3, marker=first[-1]["id"]), 3)]
told["notifications"] = page(client().notifications(), 1000)
of_hosts = [each for each in told["notifications"] if each["type"] == "COMPUTE_HOST"]
told["progress"] = client("1.1").get_notification(of_hosts[-1]["notification_uuid"]).to_dict()
told["vmoves"] = page(client("1.3").vmoves(of_hosts[-1]["notification_uuid"]), 100)
told["vmove"] = client("1.3").get_vmove(told["vmoves"][0]["uuid"], of_hosts[-1]["notification_uuid"]).to_dict()
print(json.dumps(told, default=str))
