#!/bin/sh
# Event handler and notification command of Nagios 4, Naemon or Icinga: posts the macros as JSON by salvor-send, which
# lies beside it. Needs the macros in the environment: enable_environment_macros=1, or `env` of Icinga 2's command.
# Straight to SQS only hard host states outside of downtimes are told: the queue takes CloudEvents.
set -u
send=${0%/*}/salvor-send
if [ -z "${NAGIOS_HOSTNAME:-}" ]; then
  echo 'nagios-handler.sh: no NAGIOS_HOSTNAME: set enable_environment_macros=1' >&2
  exit 2
fi

if [ "$("$send" --to)" = sqs ]; then
  [ -z "${NAGIOS_SERVICEDESC:-}" ] || exit 0
  case ${NAGIOS_NOTIFICATIONTYPE:-} in '' | PROBLEM | RECOVERY) ;; *) exit 0 ;; esac
  case ${NAGIOS_HOSTSTATE:-},${NAGIOS_HOSTSTATETYPE:-},${NAGIOS_HOSTDOWNTIME:-0} in
    DOWN,HARD,0) type=host.down ;;
    UP,HARD,*) type=host.up ;;
    *) exit 0 ;;
  esac
  exec "$send" --type $type --host "$NAGIOS_HOSTNAME" --reason "Nagios: ${NAGIOS_HOSTOUTPUT:-}"
fi

json() { printf '%s' "$1" | tr '\001-\037\177' ' ' | sed 's/[\\"]/\\&/g'; }
{
  printf '{"NAGIOS_HOSTNAME":"%s"' "$(json "$NAGIOS_HOSTNAME")"
  for name in HOSTADDRESS HOSTSTATE HOSTSTATETYPE HOSTATTEMPT HOSTEVENTID HOSTPROBLEMID HOSTDOWNTIME HOSTOUTPUT \
    HOSTNOTIFICATIONNUMBER NOTIFICATIONTYPE SERVICEDESC SERVICESTATE SERVICESTATETYPE SERVICEEVENTID SERVICEOUTPUT \
    SERVICENOTIFICATIONNUMBER TIMET; do
    eval "value=\${NAGIOS_$name-}"
    [ -z "$value" ] || printf ',"NAGIOS_%s":"%s"' "$name" "$(json "$value")"
  done
  printf '}\n'
} | "$send" --webhook nagios
