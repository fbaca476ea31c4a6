import { ActionIcon, useComputedColorScheme, useMantineColorScheme } from '@mantine/core';

/** Dark or light; the system's choice until somebody chooses. */
export function ColourScheme() {
  // To stop transitions meanwhile would style the whole page twice, and hosts are many.
  const { setColorScheme } = useMantineColorScheme({ keepTransitions: true });
  const other = useComputedColorScheme('light') === 'dark' ? 'light' : 'dark';
  return (
    <ActionIcon variant="default" size="lg" aria-label={`Switch to ${other}`} onClick={() => setColorScheme(other)}>
      {other === 'dark' ? '☾' : '☀'}
    </ActionIcon>
  );
}
