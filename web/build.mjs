// Bundles the app into the folder that the Python package serves. Nothing loads from outside: script, style and page
// are three files beside each other.
import { build } from "esbuild";
import { copyFile, mkdir, rm } from "node:fs/promises";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

const web = dirname(fileURLToPath(import.meta.url));
const target = process.argv[2] ?? join(web, "..", "src", "isegformer", "server", "static");

await rm(target, { recursive: true, force: true });
await mkdir(target, { recursive: true });
await build({
  absWorkingDir: web,
  entryPoints: { app: "src/main.ts", style: "src/style.css" },
  outdir: target,
  bundle: true,
  format: "esm",
  target: "es2022",
  minify: true,
  legalComments: "none", // licences.txt has them all
  logLevel: "warning",
});
for (const name of ["index.html", "licences.txt"]) await copyFile(join(web, "src", name), join(target, name));
