"""wait_computes.py N   Waits at most 120 s till N nova-computes are up and known as hypervisors (= mapped to the cell).
One that is forced down counts too: a state that was kept may hold such ones."""
import sys
import time

from rigapi import client, ok

nova, wanted, deadline, seen = client("compute", "2.90"), int(sys.argv[1]), time.time() + 120, "no answer from Nova"
while time.time() < deadline:
    try:
        up = [s["host"] for s in ok(nova.get("/os-services?binary=nova-compute"))["services"] if s["state"] == "up" or s["forced_down"]]
        known = ok(nova.get("/os-hypervisors"))["hypervisors"]
        if len(up) >= wanted and len(known) >= wanted:
            sys.exit(0)
        seen = f"only {len(up)} are up, {len(known)} are hypervisors"
    except Exception as e:      # Nova's API is still starting
        seen = str(e)
    time.sleep(0.5)
sys.exit(seen)
