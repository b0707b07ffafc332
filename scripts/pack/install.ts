import { execFile } from "node:child_process";
import { mkdir, writeFile } from "node:fs/promises";
import path from "node:path";
import { promisify } from "node:util";

const run = promisify(execFile);
const root = path.join(import.meta.dirname, "../..");

/** Packs this checkout. Gives the tarball's path. */
export async function pack(destination: string): Promise<string> {
  await mkdir(destination, { recursive: true });
  // whoever forbids scripts means those of others: without ours there is nothing to pack
  const { stdout } = await npm(
    root,
    "pack",
    "--json",
    "--ignore-scripts=false",
    "--pack-destination",
    destination,
  );
  const [{ filename }] = JSON.parse(stdout.slice(stdout.indexOf("[\n"))) as [{ filename: string }];
  return path.join(destination, filename);
}

/** Installs a tarball into an empty project. Gives the installed package's folder. */
export async function install(tarball: string, project: string, ...flags: string[]): Promise<string> {
  await mkdir(project, { recursive: true });
  await writeFile(path.join(project, "package.json"), '{ "private": true, "type": "module" }\n');
  await npm(project, "install", "--no-audit", "--no-fund", ...flags, tarball);
  return path.join(project, "node_modules/sotto");
}

/** As a person calls it: nothing of an `npm test` that we may run under reaches it. */
export function npm(cwd: string, ...args: string[]): Promise<{ stdout: string; stderr: string }> {
  const env = Object.fromEntries(Object.entries(process.env).filter(([name]) => !/^npm_/i.test(name)));
  return run("npm", args, { cwd, env, maxBuffer: 64 * 1024 * 1024 });
}
