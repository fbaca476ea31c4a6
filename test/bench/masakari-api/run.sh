#!/bin/bash
# run.sh FOLDER   Installs Masakari from PyPI, every package pinned in constraints.txt, makes its schema in the database that
# masakari.conf in FOLDER names, and becomes its API. Needs Python 3.11 and access to PyPI; leaves a venv in the cache.
set -eu; here="$(cd "$(dirname "$0")" && pwd)" folder="$1"
cache="${SALVOR_CACHE:-${XDG_CACHE_HOME:-$HOME/.cache}/salvor}"
venv="$cache/masakari-api-$(sha256sum <"$here/constraints.txt" | cut -c1-12)"
mkdir -p "$cache"; exec 9>"$venv.lock"; flock 9     # one installation at a time
if [ ! -f "$venv/.complete" ]; then
  rm -rf "$venv"; "${RIG_PYTHON:-python3.11}" -m venv "$venv"
  pip() { "$venv/bin/python" -m pip --disable-pip-version-check install -q --no-deps "$@" >&2; }
  pip $(grep -E '^(setuptools|wheel)==' "$here/constraints.txt"); pip -r "$here/constraints.txt"
  touch "$venv/.complete"
fi
exec 9>&-
sed -i "s#@VENV@#$venv#" "$folder/masakari.conf"
"$venv/bin/masakari-manage" --config-file "$folder/masakari.conf" db sync >"$folder/db-sync.out" 2>&1
exec "$venv/bin/masakari-api" --config-file "$folder/masakari.conf" >"$folder/api.out" 2>&1
