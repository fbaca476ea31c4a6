#!/usr/bin/env bash
# pacemaker-node.sh NAME LINK ADDRESS ALERT CONFIG: one node of a cluster of n1 and n2, in namespaces of its own (unshare
# --mount --net --uts --pid). LINK is its end of the cable between the two, moved in once it runs. Folders that the
# daemons write to are the node's own; its one fence device only says that it has fenced.
set -euo pipefail
name=$1 link=$2 address=$3 alert=$4 config=$5
hostname "$name"
mount --make-rprivate /
for folder in /run /dev/shm /etc/corosync /var/lib/corosync /var/lib/pacemaker /var/log; do mount -t tmpfs tmpfs "$folder"; done
mkdir -p /run/lock /run/crm /run/sbin /run/work /var/log/{corosync,pacemaker,cluster} /var/lib/pacemaker/{cib,pengine,cores,blackbox}
mount -t overlay -o lowerdir=/usr/sbin,upperdir=/run/sbin,workdir=/run/work overlay /usr/sbin
cat >/usr/sbin/fence_pretend <<'AGENT'
#!/bin/sh
case "$(cat) $*" in *metadata*) cat <<'XML'
<?xml version="1.0"?>
<resource-agent name="fence_pretend" shortdesc="says that it has fenced"><longdesc>For tests.</longdesc>
<parameters><parameter name="action" required="1"><getopt mixed="-o"/><content type="string" default="off"/></parameter>
<parameter name="plug"><getopt mixed="-n"/><content type="string"/></parameter></parameters>
<actions><action name="on"/><action name="off"/><action name="reboot"/><action name="status"/><action name="monitor"/><action name="metadata"/></actions>
</resource-agent>
XML
esac
AGENT
chmod 755 /usr/sbin/fence_pretend

cat >/etc/corosync/corosync.conf <<CONF
totem {
  version: 2
  cluster_name: salvor
  transport: udpu
  token: 1000
}
nodelist {
  node {
    ring0_addr: 10.77.0.1
    name: n1
    nodeid: 1
  }
  node {
    ring0_addr: 10.77.0.2
    name: n2
    nodeid: 2
  }
}
quorum {
  provider: corosync_votequorum
  two_node: 1
  wait_for_all: 0
}
logging {
  to_stderr: yes
  to_syslog: no
}
system {
  sched_rr: no
}
CONF
# The <alert> is what `pcs alert create` of docs/sources.md makes.
cat >/var/lib/pacemaker/cib/cib.xml <<XML
<cib validate-with="pacemaker-3.0" epoch="1" num_updates="0" admin_epoch="1"><configuration>
  <crm_config><cluster_property_set id="options"><nvpair id="dc" name="dc-deadtime" value="2s"/></cluster_property_set></crm_config>
  <nodes/>
  <resources>
    <primitive id="fence" class="stonith" type="fence_pretend"><instance_attributes id="f"><nvpair id="f1" name="pcmk_host_list" value="n1 n2"/><nvpair id="f2" name="pcmk_host_check" value="static-list"/></instance_attributes></primitive>
    <primitive id="dummy" class="ocf" provider="pacemaker" type="Dummy"><operations><op id="dummy-monitor" name="monitor" interval="1s"/></operations></primitive>
  </resources>
  <constraints><rsc_location id="here" rsc="dummy" node="n1" score="INFINITY"/></constraints>
  <alerts><alert id="salvor" path="$alert"><recipient id="salvor-conf" value="$config"/></alert></alerts>
</configuration><status/></cib>
XML
chown -R hacluster:haclient /run/crm /var/lib/pacemaker /var/log/pacemaker

ip link set lo up
until ip link show "$link" >/dev/null 2>&1; do sleep 0.05; done
ip address add "$address/24" dev "$link"
ip link set "$link" up
corosync -f &
echo $! >/run/corosync.test.pid
until corosync-quorumtool >/dev/null 2>&1; do sleep 0.1; done
exec pacemakerd -f
