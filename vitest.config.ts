// Unit tests of what the browser runs: `*.test.ts` beside the module that they are about.
import { defineConfig } from "vitest/config";

export default defineConfig({
  test: {
    environment: "happy-dom",
    include: ["static/src/**/*.test.ts"],
    // A kept transform does not notice that tsconfig.json changed.
    fsModuleCache: false,
    passWithNoTests: false,
    restoreMocks: true,
  },
});
