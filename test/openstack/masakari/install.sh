#!/bin/bash
# install.sh [check]   Installs what people run beside Masakari, unchanged: masakari-monitors, and the openstack command with
# python-masakariclient, every package pinned in constraints.txt; and Debian's libvirtd with its test driver, for
# masakari-instancemonitor. Prints the folder of the venv. `check` changes nothing and fails when it is not there.
# Needs: Debian 12, Python 3.11, access to PyPI; root, and access to Debian, for libvirt when it is missing.
# Leaves: the Debian packages (none of their services started), a venv of about 250 MB in the cache.
set -eu; here="$(cd "$(dirname "$0")" && pwd)"
python="${RIG_PYTHON:-python3.11}" cache="${SALVOR_CACHE:-${XDG_CACHE_HOME:-$HOME/.cache}/salvor}"
venv="$cache/masakari-$(cd "$here" && cat install.sh constraints.txt | sha256sum | cut -c1-12)"
if [ -f "$venv/.complete" ]; then echo "$venv"; exit 0; fi
if [ "${1:-}" = check ]; then echo "not installed: $venv" >&2; exit 1; fi
mkdir -p "$cache"; exec 9>"$venv.lock"; flock 9     # one installation at a time
if [ -f "$venv/.complete" ]; then echo "$venv"; exit 0; fi

packages=(libvirt-daemon libvirt-clients python3-libvirt)
if ! dpkg -s "${packages[@]}" >/dev/null 2>&1; then
  # Debian starts what it installs; here libvirtd is started by the tests alone, in a folder of theirs.
  if [ ! -e /usr/sbin/policy-rc.d ]; then
    printf '#!/bin/sh\nexit 101\n' >/usr/sbin/policy-rc.d; chmod +x /usr/sbin/policy-rc.d; trap 'rm -f /usr/sbin/policy-rc.d' EXIT
  fi
  { apt-get update -q; DEBIAN_FRONTEND=noninteractive apt-get install -q -y --no-install-recommends "${packages[@]}"; } >&2
fi
rm -rf "$venv"; "$python" -m venv "$venv"
"$venv/bin/python" -m pip --disable-pip-version-check install -q --no-deps setuptools==75.8.0 -r "$here/constraints.txt" >&2
# libvirt's bindings are Debian's, for the same Python: those of PyPI have to be compiled.
cp /usr/lib/python3/dist-packages/libvirt*.py /usr/lib/python3/dist-packages/libvirtmod*.so "$("$venv/bin/python" -c 'import sysconfig; print(sysconfig.get_path("purelib"))')/"
touch "$venv/.complete"; echo "$venv"
