"""The rig's APIs as its administrator; what the scripts of this folder share. Needs the environment of env.sh."""
import os

from keystoneauth1 import adapter, session
from keystoneauth1.identity import v3

IP, PASSWORD, REGION = os.environ["RIG_IP"], os.environ["RIG_PASSWORD"], os.environ["RIG_REGION"]


def port(name):
    return int(os.environ["RIG_PORT_" + name])


SESSION = session.Session(v3.Password(
    f"http://{IP}:{port('KEYSTONE')}/v3", username="admin", password=PASSWORD, project_name="admin",
    user_domain_name="Default", project_domain_name="Default"))


def client(service_type, microversion=None):
    return adapter.Adapter(SESSION, service_type=service_type, interface="public", region_name=REGION,
                           default_microversion=microversion, raise_exc=False)


def ok(answer):
    """The answer's JSON, or an error that says what was answered."""
    if answer.status_code not in (200, 201, 202, 204):
        raise RuntimeError(f"{answer.request.method} {answer.url} -> {answer.status_code} {answer.text[:500]}")
    return answer.json() if answer.content else None
