import { Group } from '@mantine/core';
import type { OpenNow } from '../api.ts';
import { useLive } from '../live.ts';
import { Ask } from './ask.tsx';

/** What a person may ask for in an open incident, where it stands now. */
export function IncidentActions({ id, host, hostKey, status }: Pick<OpenNow, 'id' | 'host' | 'hostKey' | 'status'>) {
  const which = { hostKey, incidentId: id };
  const open = useLive().now?.incidents.find((each) => each.id === id);
  const gates = (open?.closed ?? []).filter(({ releasable }) => releasable).map(({ gate }) => gate);
  return (
    <Group gap="xs">
      {status === 'held' && gates.length > 0 && (
        <Ask
          label="Release"
          name={`Release: ${host}`}
          colour="orange"
          does={`Lets ${host} pass ${gates.join(', ')} for fifteen minutes, although closed. Its device will switch it off, and its instances will be started elsewhere.`}
          command={{ type: 'release', ...which, gates }}
        />
      )}
      {status === 'stopped' && (
        <Ask
          label="Release"
          name={`Release: ${host}`}
          colour="orange"
          does={`Lets salvor go on with ${host}: you have found out what was wrong. It goes back to being fenced.`}
          command={{ type: 'release', ...which, gates: [] }}
        />
      )}
      {(status === 'fencing' || status === 'held') && (
        <Ask
          label="Confirm that it is off"
          name={`Confirm that it is off: ${host}`}
          colour="red"
          does={`You have seen with your own eyes that ${host} is off. Its instances will be started elsewhere: if it still runs, their disks are destroyed.`}
          command={{ type: 'confirm-off', ...which }}
        />
      )}
      {(status === 'suspected' || status === 'held' || status === 'stopped' || status === 'fencing') && (
        <Ask
          label="Dismiss"
          name={`Dismiss: ${host}`}
          colour="gray"
          does={`Closes the incident of ${host}: salvor does nothing more about it until somebody else reports it, or it was seen up.`}
          command={{ type: 'dismiss', ...which }}
        />
      )}
    </Group>
  );
}
