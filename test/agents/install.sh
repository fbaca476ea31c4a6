#!/usr/bin/env bash
# install.sh: the programs that `npm run test:agents` runs, and ping, from Debian's packages. Needs root. No service is started.
set -euo pipefail
programs=(prometheus-alertmanager nagios4-core icinga2-bin pacemaker pacemaker-cli-utils corosync pacemaker-resource-agents systemd iproute2 util-linux curl shellcheck iputils-ping openipmi ipmitool fence-agents prometheus zsh fish bash-completion)
# shellcheck disable=SC2016 # dpkg's own format
installed=$(dpkg-query --show --showformat='${db:Status-Abbrev}\n' "${programs[@]}" 2>/dev/null | grep -c '^ii' || true)
[ "$installed" -lt "${#programs[@]}" ] || exit 0
# A package that would start its service asks this first.
policy=/usr/sbin/policy-rc.d
if [ ! -e "$policy" ]; then
  printf '#!/bin/sh\nexit 101\n' >"$policy"
  chmod 755 "$policy"
  trap 'rm -f "$policy"' EXIT
fi
apt-get update -qq
DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends "${programs[@]}" >/dev/null
