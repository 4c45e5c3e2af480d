// Builds what the browser runs into static/dist; templates find the hashed names in its manifest.json.
import { defineConfig } from "vite";

import { imagesAsFiles } from "./tools/data-images.ts";
import { licenses } from "./tools/licenses.ts";

const { seen, list } = licenses("licenses.md");

export default defineConfig({
  base: "./", // relative: the pages decide below which path the files are served
  publicDir: false,
  plugins: [seen, list, imagesAsFiles()],
  worker: { format: "es", plugins: () => [seen] },
  build: {
    outDir: "static/dist", // tools/frontend.py gives another one while it builds, and swaps
    emptyOutDir: true,
    manifest: "manifest.json",
    rolldownOptions: { input: ["static/src/main.ts", "static/src/rest-docs.ts"] },
    // Browsers that know light-dark(), which would be compiled away for older ones.
    target: ["chrome123", "edge123", "firefox120", "safari17.5"],
    assetsInlineLimit: 0, // a strict Content-Security-Policy blocks data: fonts and images
    modulePreload: { polyfill: false },
    sourcemap: false,
  },
});
