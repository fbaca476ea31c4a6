#!/bin/bash
# restart.sh [N]   Ends the Nova services and brings the rig up again, with the environment's present knobs.
# Needs: what up.sh needs. Leaves: what up.sh leaves; databases, bus and the other services just go on.
. "$(dirname "$0")/env.sh"
stop_all 'nova-*'
exec "$RIG_HOME/up.sh" "$@"
