import { Text, Title } from '@mantine/core';
import type { Area } from '#shared/domain/doctor/areas.ts';
import type { AreaHealth } from '#shared/views/health.ts';
import { lasting } from '../words.ts';
import { drawnAs, Marked } from './level.tsx';

const AREA: { readonly [A in Area]: { readonly title: string; readonly seen: string } } = {
  work: { title: 'Is salvor at work?', seen: 'its last beat' },
  timers: { title: 'Timers', seen: 'swept for lost ones' },
  watch: { title: 'Who watches the hosts', seen: 'Nova looked at' },
  fencing: { title: 'Fence devices', seen: 'all asked' },
  credentials: { title: 'Credentials and certificates', seen: 'tried' },
  queues: { title: 'Queues', seen: 'looked at' },
  room: { title: 'Room for a failure', seen: 'all instances listed' },
  policy: { title: 'What the policy says', seen: '' },
};

/** Each part of salvor: how it is, and when it was seen at work. */
export function AreaList({ areas, atMs }: { readonly areas: readonly AreaHealth[]; readonly atMs: number }) {
  return (
    <section aria-labelledby="areas">
      <Title order={3} size="h4" id="areas" mb="xs">
        Part by part
      </Title>
      <ul className="areas">
        {areas.map(({ area, level, troubles, notes, lastMs }) => {
          const { title, seen } = AREA[area];
          const said = [count(troubles, 'trouble'), count(notes, 'note')].filter((each) => each !== '').join(', ');
          return (
            <li key={area} className="panel" data-drawn="" style={drawnAs(level)}>
              <Text fw={600} size="sm">
                {title}
              </Text>
              <Marked level={level}>{said === '' ? 'well' : said}</Marked>
              <Text size="xs" c="dimmed">
                {seen === ''
                  ? 'by itself and by the hosts there are'
                  : lastMs === null
                    ? `${seen}: not yet`
                    : `${seen} ${lasting(atMs - lastMs)} ago`}
              </Text>
            </li>
          );
        })}
      </ul>
    </section>
  );
}

const count = (of: number, what: string): string => (of === 0 ? '' : `${of} ${what}${of === 1 ? '' : 's'}`);
