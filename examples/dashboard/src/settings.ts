import { Store } from "./store";
import type { Locale } from "./words";

export type Theme = "light" | "dark";

interface Settings {
  /** With what the page asks; gone when the tab is closed. */
  token: string | null;
  /** Why the server did not take the last token. */
  refusal: string | null;
  locale: Locale;
  theme: Theme;
}

export const settings = new Store<Settings>(found());

/** A link may bring `#token=…&locale=zh&theme=dark`; what it brought does not stay in the address. */
function found(): Settings {
  const given = new URLSearchParams(location.hash.slice(1));
  if (given.size) history.replaceState(null, "", location.pathname + location.search);
  const locale = given.get("locale") ?? localStorage.getItem("locale") ?? navigator.language;
  const theme = given.get("theme") ?? localStorage.getItem("theme");
  const isDark = theme ? theme === "dark" : matchMedia("(prefers-color-scheme: dark)").matches;
  return {
    token: given.get("token") ?? sessionStorage.getItem("token"),
    refusal: null,
    locale: locale.startsWith("zh") ? "zh" : "en",
    theme: isDark ? "dark" : "light",
  };
}

function keep(): void {
  const { token, locale, theme } = settings.get();
  if (token) sessionStorage.setItem("token", token);
  else sessionStorage.removeItem("token");
  document.documentElement.lang = locale === "zh" ? "zh-CN" : "en";
  document.documentElement.dataset.theme = theme;
}

keep();
settings.watch(keep);
addEventListener("hashchange", () => location.hash && settings.set(found()));

/** What somebody chose is remembered; who chose nothing goes with the browser's language and the system's theme. */
export function choose(change: { locale: Locale } | { theme: Theme }): void {
  for (const [name, value] of Object.entries(change)) localStorage.setItem(name, value);
  settings.set(change);
}

matchMedia("(prefers-color-scheme: dark)").addEventListener("change", ({ matches }) => {
  if (!localStorage.getItem("theme")) settings.set({ theme: matches ? "dark" : "light" });
});
