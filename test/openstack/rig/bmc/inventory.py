"""inventory.py N   Prints which BMC belongs to which host, as JSON. A host's system UUID never changes."""
import json, os, sys, uuid

print(json.dumps({
    f"compute-{n}": {"systemId": str(uuid.uuid5(uuid.NAMESPACE_DNS, f"compute-{n}")), "ipmiPort": int(os.environ["RIG_PORT_IPMI"]) + n}
    for n in range(1, int(sys.argv[1]) + 1)}, indent=1))
