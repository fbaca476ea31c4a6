#!/bin/bash
# bmc/chassis.sh HOST get power|boot…   or   HOST set power 0|1, reset 1, shutdown 1…
# What ipmi_sim calls for a chassis command (its man page ipmi_lan(5), "chassis_control"). Leaves: what power.sh leaves.
cord="$(dirname "$0")/power.sh"; host="$1" op="$2"; shift 2
get() { case "$1" in power) if [ "$("$cord" "$host" status)" = on ]; then echo power:1; else echo power:0; fi ;; boot) echo boot:default ;; *) exit 1 ;; esac; }
set_one() {
  case "$1" in
    power) if [ "$2" = 1 ]; then "$cord" "$host" on; else "$cord" "$host" off; fi ;;
    reset) "$cord" "$host" cycle ;;
    shutdown) "$cord" "$host" off ;;
  esac || exit 1
}
case "$op" in
  get) for what; do get "$what"; done ;;
  set) while [ $# -gt 1 ]; do set_one "$1" "$2"; shift 2; done ;;
  check) ;;
  *) exit 1 ;;
esac
