"""accounts.py   The catalog, the accounts of the services, `ha` in project service (roles admin and service: the account
of the product under test) and the plain tenant `demo`. Called once by up.sh. All passwords are $RIG_PASSWORD."""
from rigapi import IP, PASSWORD, REGION, client, ok, port

keystone = client("identity")
roles = {r["name"]: r["id"] for r in ok(keystone.get("/roles"))["roles"]}
for name in ("service", "admin", "member", "reader"):
    if name not in roles:
        roles[name] = ok(keystone.post("/roles", json={"role": {"name": name}}))["role"]["id"]

ACCOUNTS = {"service": (("nova", "placement", "glance", "neutron", "ha"), ("admin", "service")), "demo": (("demo",), ("member",))}
for project_name, (users, granted) in ACCOUNTS.items():
    project = ok(keystone.post("/projects", json={"project": {"name": project_name, "domain_id": "default"}}))["project"]["id"]
    for name in users:
        user = ok(keystone.post("/users", json={"user": {"name": name, "password": PASSWORD, "domain_id": "default"}}))["user"]["id"]
        for role in granted:
            ok(keystone.put(f"/projects/{project}/users/{user}/roles/{roles[role]}"))

for name, kind, path in (("nova", "compute", "/v2.1"), ("placement", "placement", ""), ("glance", "image", ""), ("neutron", "network", "")):
    service = ok(keystone.post("/services", json={"service": {"name": name, "type": kind}}))["service"]["id"]
    for interface in ("public", "internal", "admin"):
        ok(keystone.post("/endpoints", json={"endpoint": {
            "service_id": service, "interface": interface, "region_id": REGION, "url": f"http://{IP}:{port(name.upper())}{path}"}}))
