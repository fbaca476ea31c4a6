#!/bin/bash
# bmc/power.sh HOST on|off|cycle|status   The power cord of a fake compute host: `off` kills its nova-compute (-9) and
# ends its guests, `on` starts nova-compute. Both BMCs call this; a test may, too.
# $RIG_STATE/faults/HOST.bmc spoils it for both BMCs by one word: stuck (says yes, does nothing), error (refuses),
# slow (5 s before it acts).
# Needs: a rig that is up. Leaves: $RIG_STATE/power/HOST ("on" or "off") and lines in $RIG_STATE/ledger.
. "$(dirname "${BASH_SOURCE[0]}")/../env.sh"; host="$1" d="$RIG_STATE/power"
note() { printf '%s %s %s %s\n' "$(date +%s.%3N)" "$host" "$1" "$2" >>"$RIG_STATE/ledger"; }
off() {
  local g; stop "nova-compute-$host" KILL
  for g in "$RIG_STATE/guests/$host"/*; do [ -f "$g" ] && { rm -f "$g"; note "$(basename "$g")" off; }; done
  turn off POWER-OFF
}
on() { turn on POWER-ON; start_compute "$host"; }
# In one step: who reads meanwhile must not see an empty file, which is no state (and not `on`).
is() { echo "$1" >"$d/$host.$$" && mv "$d/$host.$$" "$d/$host"; }
turn() { [ "$(cat "$d/$host")" = "$1" ] || { is "$1"; note - "$2"; }; }
[ -f "$d/$host" ] || is on
case "${2:-}" in
  status) cat "$d/$host"; exit ;;
  off|on|cycle) ;;
  *) echo "usage: power.sh HOST on|off|cycle|status" >&2; exit 2 ;;
esac
case "$(cat "$RIG_STATE/faults/$host.bmc" 2>/dev/null)" in error) exit 1 ;; stuck) exit 0 ;; slow) sleep 5 ;; esac
exec 9>"$d/$host.lock"; flock 9
case "$2" in off) off 9>&- ;; on) on 9>&- ;; cycle) off 9>&-; on 9>&- ;; esac
