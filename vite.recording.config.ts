// Builds the page that recordings are opened with: one file, static/dist/recording.html, which the data is put into.
import { resolve } from "node:path";
import { type Plugin, defineConfig } from "vite";

import { onePage } from "./tools/one-page.ts";

/** One module in place of another. */
function instead(of: string, use: string): Plugin {
  const [replaced, used] = [resolve(of), resolve(use)];
  return {
    name: "instead",
    enforce: "pre",
    resolveId(source, importer) {
      return importer && source.startsWith(".") && resolve(importer, "..", source) === replaced ? used : null;
    },
  };
}

export default defineConfig({
  publicDir: false,
  plugins: [
    instead("static/src/graph/layout-worker.ts", "static/src/recording/layout-worker.ts"),
    onePage("static/src/recording/page.html", "static/src/styles/mark.svg", "recording.html"),
  ],
  worker: { format: "iife" },
  build: {
    outDir: "static/dist",
    emptyOutDir: false, // beside what vite.config.ts has built
    rolldownOptions: {
      input: "static/src/recording.ts",
      output: { format: "iife", entryFileNames: "recording.js", assetFileNames: "recording[extname]" },
    },
    cssCodeSplit: false,
    target: ["chrome123", "edge123", "firefox120", "safari17.5"],
    assetsInlineLimit: Number.MAX_SAFE_INTEGER,
    modulePreload: false,
    sourcemap: false,
  },
});
