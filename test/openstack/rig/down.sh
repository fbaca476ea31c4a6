#!/bin/bash
# down.sh [--wipe]   Ends what up.sh started, by the pids noted in $RIG_STATE; --wipe removes $RIG_STATE too.
# Needs: the RIG_STATE that up.sh had. Leaves: the state (without --wipe), so that up.sh goes on from there.
. "$(dirname "$0")/env.sh"
stop_all 'bmc-*' 'nova-*' glance neutron placement keystone
stop rabbit; stop epmd; stop mysql
if [ "${1:-}" = --wipe ] && [ -f "$RIG_STATE/.rig" ]; then rm -rf "$RIG_STATE"; fi
