#!/usr/bin/env bash
# install.sh [venv]: the peers that `npm run test:fencing` speaks to. From Debian's packages: fence_redfish (root is needed
# for that). Into a venv of about 300 MB below $SALVOR_CACHE (default ~/.cache/salvor): sushy-tools' emulator and Ironic, each
# package pinned in constraints.txt; Python 3.11 is needed for that. Nothing is started.
# `venv` prints where that venv is, or would be, and does nothing.
set -euo pipefail
here="$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)"
cache="${SALVOR_CACHE:-${XDG_CACHE_HOME:-$HOME/.cache}/salvor}"
venv="$cache/fencing-$(cat "$here/install.sh" "$here/constraints.txt" | sha256sum | cut -c1-12)"
if [ "${1:-}" = venv ]; then
  echo "$venv"
  exit
fi

packages=(fence-agents)
# shellcheck disable=SC2016 # dpkg's own format
installed=$(dpkg-query --show --showformat='${db:Status-Abbrev}\n' "${packages[@]}" 2>/dev/null | grep -c '^ii' || true)
if [ "$installed" -lt "${#packages[@]}" ]; then
  apt-get update -qq
  DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends "${packages[@]}" >/dev/null
fi

mkdir -p "$cache"
exec 9>"$venv.lock"
flock 9 # one installation at a time
[ ! -f "$venv/.complete" ] || exit 0
rm -rf "$venv"
"${PYTHON:-python3.11}" -m venv "$venv"
pip() { "$venv/bin/python" -m pip --quiet --disable-pip-version-check "$@"; }
# Some packages come as source: their builder first.
mapfile -t builder < <(grep -E '^(setuptools|wheel)==' "$here/constraints.txt")
pip install --no-deps "${builder[@]}"
pip install --no-deps -r "$here/constraints.txt"
touch "$venv/.complete"
