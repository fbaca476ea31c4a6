#!/usr/bin/env bash
# build-consul.sh FILE: a Consul 1.13.9 (the last line under MPL 2.0 that builds from its published modules) from the Go
# module proxy, as FILE, unless it is there. Needs Go; ten minutes of two cores. `.ci/run` does it; by hand:
#   test/agents/build-consul.sh /tmp/consul && SALVOR_CONSUL=/tmp/consul npm run test:agents
set -euo pipefail
version=v1.13.9
out=$(realpath -m "${1:?the file to make}")
[ ! -x "$out" ] || { "$out" version | sed -n 1p; exit 0; }
source=$(go mod download -json "github.com/hashicorp/consul@$version" | sed -n 's/^[[:space:]]*"Dir": "\(.*\)",\{0,1\}$/\1/p')
work=$(mktemp -d)
trap 'chmod -R u+w "$work"; rm -rf "$work"' EXIT
cp -R "$source/." "$work"
chmod -R u+w "$work"
cd "$work"
# The archive of a module leaves out the modules nested in it: theirs are published by themselves.
for nested in api sdk proto-public; do go mod edit -dropreplace="github.com/hashicorp/consul/$nested"; done
mkdir -p "$(dirname "$out")"
CGO_ENABLED=0 GOFLAGS=-mod=mod go build -trimpath -ldflags '-s -w' -o "$out" .
"$out" version | sed -n 1p
