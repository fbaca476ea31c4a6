#!/bin/bash
# compute.sh HOST start|kill|status   The nova-compute process of one host; `kill` is kill -9, its guests go on running.
# Needs: a rig that is up. Leaves: the process, or none; prints "running" or "dead" for status.
. "$(dirname "$0")/env.sh"
case "${2:-}" in
  start) start_compute "$1" ;;
  kill) kill_compute "$1" ;;
  status) if alive "nova-compute-$1"; then echo running; else echo dead; fi ;;
  *) echo "usage: compute.sh HOST start|kill|status" >&2; exit 2 ;;
esac
