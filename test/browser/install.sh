#!/usr/bin/env bash
# install.sh: the browser that `npm run test:browser` drives, from Debian's packages. Needs root.
set -euo pipefail
! command -v chromium >/dev/null || exit 0
apt-get update -qq
DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends chromium fonts-dejavu-core >/dev/null
