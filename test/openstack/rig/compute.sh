#!/bin/bash
# compute.sh HOST start|kill|status   The nova-compute process of one host; `kill` is kill -9, its guests go on running.
# `start` returns when the process has reported to Nova (60 s at most): until then Nova judges the host by the last
# report of the process before, takes it for up, and for down a moment later.
# Needs: a rig that is up. Leaves: the process, or none; prints "running" or "dead" for status.
. "$(dirname "$0")/env.sh"; host="$1"
last_report() { # in Unix seconds, 0 when there is none; Nova writes UTC
  "$RIG_HOME/sql.sh" nova <<<"select coalesce(max(timestampdiff(second, '1970-01-01', last_seen_up)), 0)
    from services where host = '$host' and \`binary\` = 'nova-compute' and deleted = 0"
}
start_and_wait() {
  local started _; start_compute "$host"; started="$(date -r "$run_dir/nova-compute-$host.pid" +%s)"
  for _ in $(seq 240); do
    [ "$(last_report)" -gt "$started" ] && return 0
    alive "nova-compute-$host" || break
    sleep 0.25; done
  echo "nova-compute of $host does not report; see $log_dir/nova-compute-$host.out" >&2; return 1
}
case "${2:-}" in
  start) start_and_wait ;;
  kill) kill_compute "$host" ;;
  status) if alive "nova-compute-$host"; then echo running; else echo dead; fi ;;
  *) echo "usage: compute.sh HOST start|kill|status" >&2; exit 2 ;;
esac
