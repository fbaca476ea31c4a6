#!/bin/sh
# Pacemaker alert agent (Pacemaker 2): posts the alert's environment as JSON by salvor-send, which lies beside it.
# https://clusterlabs.org/projects/pacemaker/doc/2.1/Pacemaker_Explained/html/alerts.html
# A recipient's value that starts with / is the configuration file of salvor-send; its files belong to hacluster, as
# which Pacemaker runs alert agents. Straight to SQS only lost and joined nodes are told: the queue takes CloudEvents.
set -u
send=${0%/*}/salvor-send
case ${CRM_alert_recipient:-} in /*) SALVOR_CONFIG=$CRM_alert_recipient && export SALVOR_CONFIG ;; esac
case ${CRM_alert_kind:-} in
  node | fencing) ;;
  # Each operation of each resource is told: only the failed ones are worth a request.
  resource) [ "${CRM_alert_rc:-}" != "${CRM_alert_target_rc:-}" ] || exit 0 ;;
  *) exit 0 ;;
esac

# To a node that is cut off all others are lost.
quorate=$(crm_node --quorum 2>/dev/null) || quorate=''
if [ "$("$send" --to)" = sqs ]; then
  case $CRM_alert_kind,${CRM_alert_desc:-},$quorate in
    node,lost,0) exit 0 ;;
    node,lost,*) type=host.down ;;
    node,member,*) type=host.up ;;
    *) exit 0 ;;
  esac
  exec "$send" --type $type --host "${CRM_alert_node:-}" --reason "Pacemaker: node ${CRM_alert_desc:-}"
fi

json() { printf '%s' "$1" | tr '\001-\037\177' ' ' | sed 's/[\\"]/\\&/g'; }
{
  printf '{"SALVOR_SENDER":"%s","SALVOR_QUORATE":"%s"' "$(json "$(uname -n)")" "$(json "$quorate")"
  for name in kind node nodeid node_sequence desc task rsc interval rc target_rc status timestamp_epoch timestamp_usec version; do
    eval "value=\${CRM_alert_$name-}"
    [ -z "$value" ] || printf ',"CRM_alert_%s":"%s"' "$name" "$(json "$value")"
  done
  printf '}\n'
} | "$send" --webhook pacemaker
