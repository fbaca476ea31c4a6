#!/bin/bash
# install.sh [check]   Installs what the rig runs: OpenStack 2025.1 "Epoxy" (Keystone, Placement, Glance, Neutron,
# Nova) with every package pinned in constraints.txt, and Debian's MariaDB, RabbitMQ, ipmi_sim and ipmitool.
# `check` changes nothing: it prints "installed" or "installable" (exit 0), or one line why neither (exit 1).
# Needs: Debian 12 and root for the packages that are missing, Python 3.11, access to Debian and PyPI.
# Leaves: the packages (none of their services started), a venv of about 600 MB in $RIG_VENV (see env.sh).
set -eu; . "$(dirname "$0")/env.sh"

programs=(/usr/sbin/mariadbd /usr/bin/mariadb /usr/bin/mariadb-install-db /usr/lib/rabbitmq/bin/rabbitmq-server /usr/bin/ipmi_sim /usr/bin/ipmitool)
missing=(); for f in "${programs[@]}"; do [ -x "$f" ] || missing+=("$(basename "$f")"); done
has_venv_module() { "$RIG_PYTHON" -c 'import ensurepip, venv' 2>/dev/null; }
installed() { [ ${#missing[@]} = 0 ] && [ -f "$RIG_VENV/.complete" ]; }
obstacle() { # prints why an installation is impossible, or nothing
  local want="${missing[*]:-}"; has_venv_module || want="$want $RIG_PYTHON"
  [ -z "${want// /}" ] && return
  [ -f /etc/debian_version ] && command -v apt-get >/dev/null || { echo "missing: $want; only on Debian can they be installed from here"; return; }
  [ "$(id -u)" = 0 ] || { echo "missing: $want; root is needed to install them"; return; }
  has_venv_module || { [ "$RIG_PYTHON" = python3.11 ] && [ "$(cut -d. -f1 /etc/debian_version)" = 12 ]; } ||
    echo "missing: $RIG_PYTHON, which this Debian does not have (RIG_PYTHON may name another 3.11)"
}
if installed; then echo installed; exit 0; fi
why="$(obstacle)"
if [ -n "$why" ]; then echo "$why"; exit 1; fi
if [ "${1:-}" = check ]; then echo installable; exit 0; fi

mkdir -p "$(dirname "$RIG_VENV")"; exec 9>"$RIG_VENV.lock"; flock 9     # one installation at a time

if [ ${#missing[@]} != 0 ] || ! has_venv_module; then
  # Debian starts what it installs; here every service is started by up.sh alone, on loopback.
  if [ ! -e /usr/sbin/policy-rc.d ]; then
    printf '#!/bin/sh\nexit 101\n' >/usr/sbin/policy-rc.d; chmod +x /usr/sbin/policy-rc.d; trap 'rm -f /usr/sbin/policy-rc.d' EXIT
  fi
  packages=(mariadb-server rabbitmq-server openipmi ipmitool); has_venv_module || packages+=(python3.11 python3.11-venv)
  apt-get update -q
  DEBIAN_FRONTEND=noninteractive apt-get install -q -y --no-install-recommends "${packages[@]}"
fi

[ -f "$RIG_VENV/.complete" ] && exit 0
rm -rf "$RIG_VENV"; "$RIG_PYTHON" -m venv "$RIG_VENV"
pip() { "$PY" -m pip --disable-pip-version-check "$@"; }
# Some packages come as source: their builder first.
pip install -q --no-deps $(grep -E '^(setuptools|wheel)==' "$RIG_HOME/constraints.txt")
pip install -q --no-deps -r "$RIG_HOME/constraints.txt"
# Nova loads drivers from its own namespace only (nova.virt.*); the driver itself stays in plugin/, found by PYTHONPATH.
echo 'from salvor_rig.driver import RigDriver  # noqa: F401' >"$("$PY" -c 'import nova.virt as v; print(v.__path__[0])')/salvor_rig.py"

# oslo.messaging 14.9 to 18.0 (2024.2 to 2026.1) look for an RPC reply every 0.5 s, so that every RPC call of Nova
# costs half a second; before and after (14.3, 18.2) it blocks. RIG_RPC_BLOCK=1 makes a service block as those do.
driver="$("$PY" -c 'import oslo_messaging._drivers as d; print(d.__path__[0])')/amqpdriver.py"
sed -i 's/^\( *return self\._queues\[msg_id\]\.get\)(block=False)$/\1(block=__import__("os").environ.get("RIG_RPC_BLOCK") == "1", timeout=timeout)/' "$driver"
grep -q RIG_RPC_BLOCK "$driver" || { echo "oslo.messaging has changed: RIG_RPC_BLOCK has no effect" >&2; exit 1; }
touch "$RIG_VENV/.complete"
echo "installed: $(pip list 2>/dev/null | grep -E '^(nova|keystone|openstack-placement|glance|neutron) ' | tr -s ' ' '=' | tr '\n' ' ')"
