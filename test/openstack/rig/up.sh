#!/bin/bash
# up.sh [N]   Brings the rig up with nova-computes compute-1 … compute-N (default 3), from zero or from what $RIG_STATE
# holds; starts only what does not run. The knobs are in env.sh.
# Needs: an installation (install.sh); the ports of env.sh free; about 1.2 GB of memory and 0.15 GB for each compute.
# Leaves: processes on 127.0.0.1, their state, pids and logs in $RIG_STATE; down.sh ends them.
set -e; . "$(dirname "$0")/env.sh"; N="${1:-3}"; T0=$(date +%s)
[ -f "$RIG_VENV/.complete" ] || { echo "not installed: run install.sh first" >&2; exit 1; }
say() { echo "[$(( $(date +%s) - T0 )) s] $*"; }
mkdir -p "$run_dir" "$log_dir" "$conf_dir" "$RIG_STATE"/{guests,faults,power,nova/lock,glance/{images,staging,tasks,lock},neutron/lock,keystone}
touch "$RIG_STATE/.rig" "$RIG_STATE/ledger"
me="$(id -un)"

# A port that is taken by somebody else would look like a service that came up.
taken() { ! alive "$1" && port_open "$2"; }
for pair in mysql:$RIG_PORT_MYSQL rabbit:$RIG_PORT_RABBIT keystone:$RIG_PORT_KEYSTONE placement:$RIG_PORT_PLACEMENT \
  glance:$RIG_PORT_GLANCE neutron:$RIG_PORT_NEUTRON nova-api:$RIG_PORT_NOVA bmc-redfish:$RIG_PORT_REDFISH epmd:$RIG_PORT_EPMD; do
  if taken "${pair%:*}" "${pair#*:}"; then echo "port ${pair#*:} of ${pair%:*} is taken by another process (of an earlier rig? RIG_STATE=<its folder> down.sh ends that)" >&2; exit 1; fi
done

# --- MariaDB: a data folder of its own; durability relaxed, for this is a test
if [ ! -d "$RIG_STATE/mysql/mysql" ]; then
  mariadb-install-db --no-defaults --user="$me" --datadir="$RIG_STATE/mysql" --auth-root-authentication-method=normal \
    --skip-test-db >"$log_dir/mysql-install.out" 2>&1
fi
start mysql mariadbd --no-defaults --user="$me" --datadir="$RIG_STATE/mysql" --socket="$RIG_STATE/mysql.sock" \
  --bind-address=$RIG_IP --port=$RIG_PORT_MYSQL --pid-file="$RIG_STATE/mysql.pid" --max-connections=800 \
  --character-set-server=utf8mb3 --innodb-flush-log-at-trx-commit=2 --innodb-buffer-pool-size=512M

# --- RabbitMQ: a home, an epmd and a distribution port of its own, all on loopback
export HOME="$RIG_STATE/rabbit"; mkdir -p "$HOME"
export RABBITMQ_NODENAME=rig@localhost RABBITMQ_NODE_IP_ADDRESS=$RIG_IP RABBITMQ_NODE_PORT=$RIG_PORT_RABBIT \
  RABBITMQ_DIST_PORT=$RIG_PORT_RABBIT_DIST RABBITMQ_MNESIA_BASE="$HOME/mnesia" RABBITMQ_LOG_BASE="$log_dir" \
  RABBITMQ_ENABLED_PLUGINS_FILE="$HOME/plugins" RABBITMQ_CONFIG_FILE="$HOME/none" \
  RABBITMQ_SERVER_ADDITIONAL_ERL_ARGS="-kernel inet_dist_use_interface {127,0,0,1} +S 2:2" \
  ERL_EPMD_ADDRESS=$RIG_IP ERL_EPMD_PORT=$RIG_PORT_EPMD \
  RABBITMQ_CTL_DIST_PORT_MIN=$((RIG_PORT_RABBIT_DIST + 1)) RABBITMQ_CTL_DIST_PORT_MAX=$((RIG_PORT_RABBIT_DIST + 9))
if ! alive rabbit; then
  echo '[].' >"$HOME/plugins"; ulimit -n 65536 2>/dev/null || true
  start epmd epmd -address $RIG_IP -port $RIG_PORT_EPMD; wait_port $RIG_PORT_EPMD epmd
  start rabbit /usr/lib/rabbitmq/bin/rabbitmq-server
fi
ctl() { /usr/lib/rabbitmq/bin/rabbitmqctl -q -n rig@localhost "$@"; }
sql() { mariadb --no-defaults -uroot -S "$RIG_STATE/mysql.sock" "$@"; }
wait_port $RIG_PORT_MYSQL mysql; wait_port $RIG_PORT_RABBIT rabbit
say "MariaDB and RabbitMQ are up"

for t in nova keystone placement neutron; do render $t.conf $t/$t.conf; done; render glance-api.conf glance/glance-api.conf
cp "$RIG_VENV/etc/nova/api-paste.ini" "$conf_dir/nova/"
export OS_PLACEMENT_CONFIG_DIR="$conf_dir/placement" OS_KEYSTONE_CONFIG_FILES="$conf_dir/keystone/keystone.conf" \
  OS_KEYSTONE_CONFIG_DIR="$conf_dir/keystone" OS_NEUTRON_CONFIG_DIR="$conf_dir/neutron" OS_NEUTRON_CONFIG_FILES="neutron.conf"

# --- the first time: databases, schemas (in parallel), keys, accounts
if [ ! -f "$RIG_STATE/.schemas" ]; then
  ctl add_user rig "$RIG_PASSWORD" 2>/dev/null || true; ctl set_permissions rig '.*' '.*' '.*'
  for d in keystone placement glance neutron nova_api nova_cell0 nova; do
    echo "create database if not exists $d character set utf8mb3; grant all on $d.* to rig@'$RIG_IP' identified by '$RIG_PASSWORD';"
  done | sql
  sync_keystone() {
    local k="keystone-manage --config-file $conf_dir/keystone/keystone.conf" owner="--keystone-user $me --keystone-group $(id -gn)"
    local url="http://$RIG_IP:$RIG_PORT_KEYSTONE/v3"
    $k db_sync && $k fernet_setup $owner && $k credential_setup $owner && $k bootstrap --bootstrap-password "$RIG_PASSWORD" \
      --bootstrap-region-id $RIG_REGION --bootstrap-admin-url $url --bootstrap-public-url $url --bootstrap-internal-url $url
  }
  sync_nova() {
    local n="nova-manage --config-file $conf_dir/nova/nova.conf"
    $n api_db sync && $n cell_v2 map_cell0 --database_connection "mysql+pymysql://rig:$RIG_PASSWORD@$RIG_IP:$RIG_PORT_MYSQL/nova_cell0" &&
      $n db sync && $n cell_v2 create_cell --name cell1
  }
  pids=(); job() { "$@" >>"$log_dir/db-sync.out" 2>&1 & pids+=($!); }
  job sync_keystone; job sync_nova
  job placement-manage --config-file "$conf_dir/placement/placement.conf" db sync
  job glance-manage --config-file "$conf_dir/glance/glance-api.conf" db_sync
  job neutron-db-manage --config-file "$conf_dir/neutron/neutron.conf" upgrade heads
  for p in "${pids[@]}"; do wait $p || { echo "a schema could not be made; see $log_dir/db-sync.out" >&2; exit 1; }; done
  touch "$RIG_STATE/.schemas"; say "schemas are made"
fi

# --- services: three under uwsgi, the others are eventlet processes
wsgi() { # wsgi NAME PORT MODULE PROCESSES THREADS
  start "$1" uwsgi --http-socket $RIG_IP:$2 --module "$3" --master --processes "$4" --threads "$5" --enable-threads --lazy-apps \
    --die-on-term --buffer-size 65535 --thunder-lock --need-app --add-header "Connection: close" --disable-logging --virtualenv "$RIG_VENV"
}
wsgi keystone $RIG_PORT_KEYSTONE keystone.wsgi.api:application 2 2
wsgi placement $RIG_PORT_PLACEMENT placement.wsgi.api:application 1 4
wsgi neutron $RIG_PORT_NEUTRON neutron.wsgi.api:application 1 1
wait_port $RIG_PORT_KEYSTONE keystone
if [ ! -f "$RIG_STATE/.accounts" ]; then
  "$PY" "$RIG_HOME/setup/accounts.py"; touch "$RIG_STATE/.accounts"; say "accounts and endpoints are made"
fi
nova="--config-file $conf_dir/nova/nova.conf"
start glance glance-api --config-file "$conf_dir/glance/glance-api.conf"
start nova-api nova-api-os-compute $nova; start nova-conductor nova-conductor $nova; start nova-scheduler nova-scheduler $nova
"$RIG_HOME/bmc/up.sh" "$N"
wait_port $RIG_PORT_PLACEMENT placement; wait_port $RIG_PORT_NEUTRON neutron; wait_port $RIG_PORT_GLANCE glance
wait_port $RIG_PORT_NOVA nova-api; wait_port $RIG_PORT_REDFISH bmc-redfish
say "APIs are up"

for i in $(seq "$N"); do echo on >"$RIG_STATE/power/compute-$i"; start_compute "compute-$i"; done
"$PY" "$RIG_HOME/setup/wait_computes.py" "$N"
say "$N nova-computes are up and mapped"
