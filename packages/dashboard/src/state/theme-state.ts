import type { ReadonlySignal } from '@preact/signals';
import { effect, signal } from '@preact/signals';

export const THEMES = ['system', 'light', 'dark'] as const;
export type Theme = (typeof THEMES)[number];

export interface ThemeState {
  readonly chosen: ReadonlySignal<Theme>;
  choose(theme: Theme): void;
}

const KEY = 'automate-theme';

/** Light or dark as the system has it, or as somebody chose in this browser. */
export function createThemeState(): ThemeState {
  const stored = localStorage.getItem(KEY);
  const chosen = signal<Theme>(THEMES.find((theme) => theme === stored) ?? 'system');
  effect(() => {
    if (chosen.value === 'system') {
      delete document.documentElement.dataset['theme'];
      localStorage.removeItem(KEY);
    } else {
      document.documentElement.dataset['theme'] = chosen.value;
      localStorage.setItem(KEY, chosen.value);
    }
  });
  return {
    chosen,
    choose(theme) {
      chosen.value = theme;
    },
  };
}
