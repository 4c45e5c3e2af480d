// The tokens' colours as a canvas needs them: resolved for the theme that is shown.

export type StatusColours = Record<"pending" | "running" | "paused" | "completed" | "failed" | "cancelled", string>;

export interface Palette {
  line: string;
  ink: string;
  surface: string;
  accent: string;
  font: string;
  status: StatusColours;
  /** A tile's body: the status, thinned with the surface. */
  tile: StatusColours;
}

const STATUS_TOKENS = ["pending", "running", "paused", "completed", "failed", "cancelled"] as const;

/** Reads the tokens as they are on `host` now. */
export function paletteOf(host: HTMLElement): Palette {
  const probe = document.createElement("span");
  probe.hidden = true;
  host.append(probe);
  const read = (colour: string): string => {
    probe.style.color = colour;
    return getComputedStyle(probe).color;
  };
  const each = (colour: (token: string) => string): StatusColours =>
    Object.fromEntries(STATUS_TOKENS.map((token) => [token, read(colour(token))])) as StatusColours;
  const palette = {
    line: read("var(--ink-3)"),
    ink: read("var(--ink-1)"),
    surface: read("var(--surface-1)"),
    accent: read("var(--accent)"),
    font: getComputedStyle(host).fontFamily,
    status: each((token) => `var(--${token})`),
    tile: each((token) => `color-mix(in oklab, var(--${token}) 30%, var(--surface-1))`),
  };
  probe.remove();
  return palette;
}

/** Calls `changed` when the theme turns, by the system or by the page's switch, until `signal` aborts. */
export function onThemeChange(changed: () => void, signal: AbortSignal): void {
  const dark = matchMedia("(prefers-color-scheme: dark)");
  dark.addEventListener("change", changed, { signal });
  const observer = new MutationObserver(changed);
  observer.observe(document.documentElement, { attributes: true, attributeFilter: ["data-theme", "style", "class"] });
  signal.addEventListener("abort", () => observer.disconnect());
}
