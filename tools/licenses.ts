// Lists whose work is bundled, with each licence's text: what the browser gets must name its authors.
// Vite's own list (`build.license`) leaves out what only a Worker bundles, so this one looks at both.
import { existsSync, readFileSync, readdirSync } from "node:fs";
import { join } from "node:path";
import type { Plugin } from "vite";

interface Package {
  name: string;
  version: string;
  license: string;
  texts: string[];
}

/** The folder of the package that a module belongs to, or null for a module of our own. */
function packageFolder(moduleId: string): string | null {
  const path = moduleId.replaceAll("\0", "").split("?")[0] ?? "";
  const found = /^(.*\/node_modules\/(?:@[^/]+\/)?[^/]+)\//.exec(path);
  return found?.[1] ?? null;
}

/** A package's own licence and notice, and those of code bundled in its files. */
function readPackage(folder: string, bundled: Set<string>): Package {
  const { name, version, license } = JSON.parse(readFileSync(join(folder, "package.json"), "utf8")) as Package;
  const own = readdirSync(folder).filter((entry) => /^(licen[cs]e|copying|notice)/i.test(entry));
  const files = [...own.map((entry) => join(folder, entry)), ...[...bundled].filter((file) => file.startsWith(folder))];
  return { name, version, license, texts: files.map((file) => readFileSync(file, "utf8").trim()) };
}

function asMarkdown(packages: Package[]): string {
  const sections = packages.map(({ name, version, license, texts }) =>
    [`## ${name} ${version} (${license})`, ...texts.map((text) => "```text\n" + text + "\n```")].join("\n\n"),
  );
  return ["# Licences of the bundled libraries", ...sections].join("\n\n") + "\n";
}

/** Two plugins that share one set: `seen` for the page and for each Worker, `list` (page only) writes the file. */
export function licenses(fileName: string): { seen: Plugin; list: Plugin } {
  const folders = new Set<string>();
  const bundled = new Set<string>();
  return {
    seen: {
      name: "licenses:seen",
      generateBundle() {
        for (const moduleId of this.getModuleIds()) {
          const folder = packageFolder(moduleId);
          if (folder && existsSync(join(folder, "package.json"))) folders.add(folder);
          const beside = `${moduleId.split("?")[0]}.LICENSE.txt`;
          if (folder && existsSync(beside)) bundled.add(beside);
        }
      },
    },
    list: {
      name: "licenses:list",
      generateBundle: {
        order: "post",
        handler() {
          const packages = [...folders].map((folder) => readPackage(folder, bundled)).sort((a, b) => a.name.localeCompare(b.name));
          this.emitFile({ type: "asset", fileName, source: asMarkdown(packages) });
        },
      },
    },
  };
}
