# The rig's knobs and helper functions; sourced by every script of this folder, does nothing by itself.
# Needs: bash, coreutils, util-linux (setsid, flock); `render` needs the installed venv.
# Leaves: nothing. All runtime state goes to $RIG_STATE, the installation to $RIG_VENV, neither in the checkout.

RIG_HOME="$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)"

# One venv for each content of what goes into it, so that two checkouts never share a wrong one.
rig_fingerprint() { (cd "$RIG_HOME" && cat install.sh constraints.txt) | sha256sum | cut -c1-12; }
RIG_CACHE="${SALVOR_CACHE:-${XDG_CACHE_HOME:-$HOME/.cache}/salvor}"
RIG_VENV="${RIG_VENV:-$RIG_CACHE/openstack-$(rig_fingerprint)}"
RIG_STATE="${RIG_STATE:-${TMPDIR:-/tmp}/salvor-openstack}"
RIG_PYTHON="${RIG_PYTHON:-python3.11}"

RIG_IP=127.0.0.1                      # loopback only, never anything else
RIG_REGION=RegionOne
RIG_PASSWORD="${RIG_PASSWORD:-rig}"   # one password for every account of the rig

# Standard OpenStack ports + 10000, so that a stray real service is not hit.
RIG_PORT_MYSQL="${RIG_PORT_MYSQL:-13306}"         RIG_PORT_KEYSTONE="${RIG_PORT_KEYSTONE:-15000}"
RIG_PORT_RABBIT="${RIG_PORT_RABBIT:-15673}"       RIG_PORT_NOVA="${RIG_PORT_NOVA:-18774}"
RIG_PORT_RABBIT_DIST="${RIG_PORT_RABBIT_DIST:-15674}" RIG_PORT_PLACEMENT="${RIG_PORT_PLACEMENT:-18778}"
RIG_PORT_EPMD="${RIG_PORT_EPMD:-14369}"           RIG_PORT_GLANCE="${RIG_PORT_GLANCE:-19292}"
RIG_PORT_REDFISH="${RIG_PORT_REDFISH:-18000}"     RIG_PORT_NEUTRON="${RIG_PORT_NEUTRON:-19696}"
RIG_PORT_IPMI="${RIG_PORT_IPMI:-16230}"           # UDP; compute-n answers on this + n

# How soon Nova itself takes a silent compute for down (real clouds: 10 and 60).
RIG_REPORT_INTERVAL_SECONDS="${RIG_REPORT_INTERVAL_SECONDS:-2}"
RIG_SERVICE_DOWN_SECONDS="${RIG_SERVICE_DOWN_SECONDS:-8}"
# Seconds between a delete and its effect; 0 deletes at once, more makes SOFT_DELETED reachable.
RIG_RECLAIM_INTERVAL_SECONDS="${RIG_RECLAIM_INTERVAL_SECONDS:-0}"
# The fake hypervisor (plugin/salvor_rig/driver.py).
RIG_SPAWN_DELAY_SECONDS="${RIG_SPAWN_DELAY_SECONDS:-0}"
RIG_SHARED_STORAGE="${RIG_SHARED_STORAGE:-1}"
# 1: RPC replies without oslo.messaging's 0.5 s polling (see install.sh); 0: as shipped.
RIG_RPC_BLOCK="${RIG_RPC_BLOCK:-0}"

export "${!RIG_@}"
PATH="$RIG_VENV/bin:/usr/sbin:$PATH"; export PATH
# The hypervisor and network drivers and the entry point that announces one of them; nothing is written beside them.
export PYTHONPATH="$RIG_HOME/plugin" PYTHONDONTWRITEBYTECODE=1
PY="$RIG_VENV/bin/python"
run_dir="$RIG_STATE/run" log_dir="$RIG_STATE/log" conf_dir="$RIG_STATE/etc"

# render TEMPLATE OUT [VAR=VALUE…]: etc/TEMPLATE.in to $conf_dir/OUT; @RIG_X@ becomes the environment's value.
render() {
  local in="$RIG_HOME/etc/$1.in" out="$conf_dir/$2"; shift 2; mkdir -p "$(dirname "$out")"
  env "$@" "$PY" -c 'import os, re, sys
t = open(sys.argv[1]).read()
open(sys.argv[2], "w").write(re.sub(r"@(RIG_[A-Z_]+)@", lambda m: os.environ[m.group(1)], t))' "$in" "$out"
}

# A process is known by its id and its start time, so that a reused id is never taken for ours.
started_at() { sed 's/.*) //' "/proc/$1/stat" 2>/dev/null | cut -d' ' -f20; }
alive() { # alive NAME
  local p t; [ -s "$run_dir/$1.pid" ] || return 1; read -r p t <"$run_dir/$1.pid" || return 1
  [ -n "$t" ] && [ "$(started_at "$p")" = "$t" ]
}
# start NAME COMMAND…: one background process in a session of its own; pid and log in $RIG_STATE.
start() {
  local n="$1"; shift; mkdir -p "$run_dir" "$log_dir"; alive "$n" && return 0
  setsid "$@" >>"$log_dir/$n.out" 2>&1 </dev/null & local p=$!
  echo "$p $(started_at $p)" >"$run_dir/$n.pid"
}
# stop NAME [SIGNAL]: signals the process group that `start` made, waits up to 6 s, then kills it.
stop() {
  local p _ n="$1" s="${2:-TERM}"; if ! alive "$n"; then rm -f "$run_dir/$n.pid"; return 0; fi
  read -r p _ <"$run_dir/$n.pid"
  kill -CONT -- "-$p" 2>/dev/null; kill -"$s" -- "-$p" 2>/dev/null
  for _ in $(seq 60); do kill -0 "$p" 2>/dev/null || break; sleep 0.1; done
  kill -9 -- "-$p" 2>/dev/null; rm -f "$run_dir/$n.pid"
}
# stop_all PATTERN…: every started process whose name matches, at the same time.
stop_all() {
  local pattern f
  for pattern; do for f in "$run_dir"/$pattern.pid; do [ -f "$f" ] && { stop "$(basename "$f" .pid)" & }; done; done; wait
}
port_open() { (exec 3<>"/dev/tcp/$RIG_IP/$1") 2>/dev/null; }
wait_port() { # wait_port PORT NAME: up to 60 s, gives up early when the process has ended
  local _; for _ in $(seq 600); do
    port_open "$1" && return 0
    alive "$2" || { echo "$2 ended; see $log_dir/$2.out" >&2; return 1; }
    sleep 0.1; done
  echo "$2 did not open port $1 within 60 s; see $log_dir/$2.out" >&2; return 1
}
# start_compute HOST: one nova-compute with its own host name, state path and node UUID.
start_compute() {
  mkdir -p "$RIG_STATE/nova/$1"; render nova-compute.conf "compute/$1.conf" RIG_HOST="$1"
  start "nova-compute-$1" nova-compute --config-file "$conf_dir/nova/nova.conf" --config-file "$conf_dir/compute/$1.conf"
}
kill_compute() { stop "nova-compute-$1" KILL; }
