#!/usr/bin/env bash
# systemd-manager.sh FOLDER UNIT: a systemd that runs UNIT of FOLDER/units, as a user's manager, in namespaces of its own
# (unshare --mount --pid) and a control group of its own, so that none needs to be this machine's first process.
set -euo pipefail
folder=$1 unit=$2
mount --make-rprivate /
mount -t tmpfs tmpfs /run
# By this a user's manager is sure that systemd is there.
mkdir -p /run/systemd/system "$folder/runtime/systemd"
ln -s "$folder/units" "$folder/runtime/systemd/user"
echo $$ >"$folder/cgroup/cgroup.procs"
export XDG_RUNTIME_DIR=$folder/runtime XDG_CONFIG_HOME=$folder/config
/lib/systemd/systemd --user --unit="$unit" --log-target=console &
wait $!
