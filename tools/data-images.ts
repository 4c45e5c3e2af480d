// Takes images out of styles: the pages' Content-Security-Policy loads none from a data: address.
import { createHash } from "node:crypto";
import type { Plugin } from "vite";

const DATA_IMAGE = /url\(\s*(?:"data:image\/([\w+]+)((?:;[\w=-]+)*),((?:[^"\\]|\\.)*)"|data:image\/([\w+]+)((?:;[\w=-]+)*),([^)]*))\s*\)/g;

/** The bytes of what stands behind the comma of a data: address. */
function bytesOf(parameters: string, data: string): Buffer {
  if (parameters.includes(";base64")) return Buffer.from(data, "base64");
  const text = data.replace(/\\(.)/g, "$1");
  return Buffer.from(text.includes("%3") ? decodeURIComponent(text) : text);
}

/** Writes each image of a style as a file of its own, beside the style. */
export function imagesAsFiles(): Plugin {
  return {
    name: "images-as-files",
    generateBundle: {
      order: "post",
      handler(_options, bundle) {
        for (const file of Object.values(bundle)) {
          if (file.type !== "asset" || !file.fileName.endsWith(".css")) continue;
          file.source = file.source.toString().replace(DATA_IMAGE, (_all, ...found: string[]) => {
            const [kind, parameters, data] = (found[0] ? found.slice(0, 3) : found.slice(3, 6)) as [string, string, string];
            const bytes = bytesOf(parameters, data);
            const name = `image-${createHash("sha256").update(bytes).digest("hex").slice(0, 8)}.${kind.split("+")[0]}`;
            this.emitFile({ type: "asset", fileName: `assets/${name}`, source: bytes });
            return `url(${name})`;
          });
        }
      },
    },
  };
}
