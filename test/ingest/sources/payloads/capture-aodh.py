import sys
from aodh.notifier.rest import RestAlarmNotifier
from aodh import service
from oslo_utils import netutils
notifier = RestAlarmNotifier(service.prepare_service([], config_files=[]))
action = netutils.urlsplit(sys.argv[1])
alarm = ('5f1b7a0e-8d7e-4a1c-9f3e-2f6f3a1c7d11', 'compute-1-down', 'critical')
event = {'message_id': 'd1c5a7c2-6a8e-4bd0-8f2a-0a7a2f8a9a10', 'event_type': 'compute.host.down', 'generated': '2026-11-21T20:06:40.727370',
         'traits': [['service', 1, 'monitor'], ['hostname', 1, 'compute-1']], 'raw': {}, 'message_signature': None}
notifier.notify(action, *alarm, 'ok', 'alarm', 'Event <d1c5a7c2-6a8e-4bd0-8f2a-0a7a2f8a9a10> hits the query <query=[]>.', {'type': 'event', 'event': event})
for previous, current in (('alarm', 'ok'), ('ok', 'insufficient data')):
    notifier.notify(action, *alarm, previous, current, 'Transition to %s due to 1 samples inside threshold, most recent: 1.0' % current,
                    {'type': 'threshold', 'disposition': 'inside', 'count': 1, 'most_recent': 1.0})
