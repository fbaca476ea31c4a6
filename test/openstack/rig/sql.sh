#!/bin/bash
# sql.sh DATABASE   Runs the SQL of standard input in the rig's MariaDB, tab-separated rows to standard output.
# Needs: a rig that is up. For instance states that no API call can reach.
. "$(dirname "$0")/env.sh"
exec mariadb --no-defaults -uroot -S "$RIG_STATE/mysql.sock" --batch --skip-column-names "$1"
