// Puts the bundle into one HTML page that makes no requests: script, styles and fonts are inside, and a policy with their
// hashes blocks everything else.
import { createHash } from "node:crypto";
import { readFileSync } from "node:fs";
import type { Plugin } from "vite";

interface Bundled {
  type: "chunk" | "asset";
  fileName: string;
  code?: string;
  source?: string | Uint8Array;
}

/** `template` has %SCRIPT%, %STYLES%, %MARK% (the tab's icon, from `mark`) and %POLICY%; the page is called `fileName`. */
export function onePage(template: string, mark: string, fileName: string): Plugin {
  return {
    name: "one-page",
    enforce: "post",
    generateBundle: {
      order: "post",
      handler(_options, bundle) {
        const files = Object.values(bundle) as Bundled[];
        const script = whole(files, ".js", "script");
        const styles = whole(files, ".css", "style");
        for (const name of Object.keys(bundle)) delete bundle[name];
        const icon = `data:image/svg+xml;base64,${readFileSync(mark).toString("base64")}`;
        const parts: Record<string, string> = { SCRIPT: script, STYLES: styles, MARK: icon, POLICY: policy(script, styles) };
        const page = readFileSync(template, "utf8").replaceAll(/%([A-Z]+)%/g, (_found, name: string) => parts[name] ?? "");
        this.emitFile({ type: "asset", fileName, source: page });
      },
    },
  };
}

/** The one file of that kind; nothing in it ends the element that it is put into. */
function whole(files: Bundled[], ending: string, tag: string): string {
  const found = files.filter((file) => file.fileName.endsWith(ending));
  if (found.length !== 1 || files.length !== 2) {
    throw new Error(`one page needs one ${tag}, and there are: ${files.map((file) => file.fileName).join(", ")}`);
  }
  const text = String(found[0]?.code ?? found[0]?.source ?? "").trim();
  const safe = text.replaceAll("\r\n", "\n").replaceAll(/<(\/script|!--)/gi, "\\x3c$1");
  if (tag === "style" && safe !== text) throw new Error("the styles hold what ends their element");
  return safe;
}

function policy(script: string, styles: string): string {
  const hash = (text: string): string => `'sha256-${createHash("sha256").update(text).digest("base64")}'`;
  return [
    "default-src 'none'",
    `script-src ${hash(script)}`,
    `style-src ${hash(styles)}`,
    "font-src data:",
    "img-src data:",
    "worker-src blob:",
    "base-uri 'none'",
    "form-action 'none'",
  ].join("; ");
}
