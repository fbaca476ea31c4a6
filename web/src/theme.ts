import { type CSSVariablesResolver, createTheme } from '@mantine/core';

export const theme = createTheme({
  primaryColor: 'blue',
  // The library's own shade is too pale for white letters on it (WCAG 1.4.3: 4.5 to 1).
  primaryShade: 8,
  // Orange and yellow bear black letters, and no white ones.
  autoContrast: true,
  defaultRadius: 'sm',
  respectReducedMotion: true,
  cursorType: 'pointer',
});

/** Words in a colour on a pale ground of it. */
const onPale = Object.fromEntries(
  ['orange', 'yellow', 'red', 'teal', 'cyan', 'blue', 'gray', 'grape', 'lime'].map((colour) => [
    `--mantine-color-${colour}-light-color`,
    `color-mix(in srgb, var(--mantine-color-${colour}-9) 70%, black)`,
  ]),
);

/** What the library draws with less than 4.5 to 1. */
export const variables: CSSVariablesResolver = () => ({
  variables: {},
  light: {
    ...onPale,
    '--mantine-color-anchor': 'var(--mantine-color-blue-9)',
    '--mantine-color-dimmed': 'var(--mantine-color-gray-7)',
    '--mantine-color-placeholder': 'var(--mantine-color-gray-7)',
  },
  dark: {
    '--mantine-color-anchor': 'var(--mantine-color-blue-4)',
    '--mantine-color-dimmed': 'var(--mantine-color-dark-1)',
    '--mantine-color-placeholder': 'var(--mantine-color-dark-1)',
  },
});
