// Light or dark: as the system says, or as the person chose.

const KEY = "swarmbot-theme";
const THEMES = ["system", "light", "dark"] as const;
type Theme = (typeof THEMES)[number];
let changed: () => void = () => undefined;

export function startTheme(onChange: () => void): void {
  changed = onChange;
  show(themeName());
}

export function themeName(): Theme {
  const kept = localStorage.getItem(KEY);
  return THEMES.find((each) => each === kept) ?? "system";
}

export function nextTheme(): void {
  const next = THEMES[(THEMES.indexOf(themeName()) + 1) % THEMES.length] ?? "system";
  localStorage.setItem(KEY, next);
  show(next);
  changed();
}

function show(theme: Theme): void {
  document.documentElement.style.colorScheme = theme === "system" ? "" : theme;
}
