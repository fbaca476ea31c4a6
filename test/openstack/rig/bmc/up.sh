#!/bin/bash
# bmc/up.sh N   A Redfish and an IPMI BMC for compute-1 … compute-N: two doors to the same power cord (power.sh).
# Needs: an installation; called by up.sh. Leaves: processes bmc-*, which down.sh ends; $RIG_STATE/bmc.json with
# {"compute-n": {"systemId", "ipmiPort"}}; account admin / $RIG_PASSWORD on both.
set -e; . "$(dirname "${BASH_SOURCE[0]}")/../env.sh"
"$PY" "$RIG_HOME/bmc/inventory.py" "$1" >"$RIG_STATE/bmc.json"
start bmc-redfish "$PY" "$RIG_HOME/bmc/redfish.py"
"$RIG_HOME/bmc/ipmi.sh"
