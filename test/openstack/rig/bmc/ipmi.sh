#!/bin/bash
# bmc/ipmi.sh   One ipmi_sim (OpenIPMI) for every host of $RIG_STATE/bmc.json, on its UDP port of 127.0.0.1:
#   ipmitool -I lanplus -C 3 -H 127.0.0.1 -p 16231 -U admin -P rig chassis power off     (takes the power from compute-1)
# -C 3 matters: cipher suite 17 does not work with ipmi_sim, and without it each command loses about 10 s asking.
# Needs: ipmi_sim; called by bmc/up.sh. Leaves: processes bmc-ipmi-*, their files in $RIG_STATE/ipmi.
set -e; . "$(dirname "${BASH_SOURCE[0]}")/../env.sh"
"$PY" -c 'import json, sys
for host, b in json.load(open(sys.argv[1])).items(): print(host, b["ipmiPort"], b["systemId"].replace("-", ""))' "$RIG_STATE/bmc.json" |
while read -r host port guid; do
  d="$RIG_STATE/ipmi/$host"; mkdir -p "$d"
  cat >"$d/lan.conf" <<C
name "$host"
set_working_mc 0x20
  startlan 1
    addr $RIG_IP $port
    priv_limit admin
    allowed_auths_callback none md2 md5 straight
    allowed_auths_user none md2 md5 straight
    allowed_auths_operator none md2 md5 straight
    allowed_auths_admin none md2 md5 straight
    guid $guid
  endlan
  chassis_control "$RIG_HOME/bmc/chassis.sh $host"
  user 1 true "" "$RIG_PASSWORD" user 10 none md2 md5 straight
  user 2 true "admin" "$RIG_PASSWORD" admin 10 none md2 md5 straight
C
  printf '%s\n' 'mc_setbmc 0x20' 'mc_add 0x20 0 no-device-sdrs 0x23 9 8 0x9f 0x1291 0xf02 persist_sdr' 'sel_enable 0x20 1000 0x0a' 'mc_enable 0x20' >"$d/emu"
  start "bmc-ipmi-$host" ipmi_sim -n -c "$d/lan.conf" -f "$d/emu" -s "$d"
done
