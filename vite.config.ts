import { defineConfig } from "vite";

export default defineConfig({
  base: "./",
  publicDir: false,
  build: {
    outDir: "static/dist",
    emptyOutDir: true,
    manifest: "manifest.json",
    license: { fileName: "licenses.md" },
    rollupOptions: { input: "static/src/main.ts" },
    assetsInlineLimit: 0,
    target: ["chrome123", "edge123", "firefox120", "safari17.5"],
    sourcemap: false,
    modulePreload: { polyfill: false },
  },
});
