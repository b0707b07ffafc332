import { cpSync, readFileSync, statSync } from "node:fs";
import path from "node:path";

export interface Manifest {
  name: string;
  version: string;
  description?: string;
  license?: string;
  type?: string;
  engines?: Record<string, string>;
  main?: string;
  typings?: string;
}

export function manifestOf(folder: string): Manifest {
  return JSON.parse(readFileSync(path.join(folder, "package.json"), "utf8")) as Manifest;
}

// Hidden files too: an .npmignore in there would rule over what npm packs.
const LEFT_BEHIND = /^(?:\..*|node_modules|.*\.map|.*(?<!\.d)\.[cm]?ts)$/;
const ALWAYS = /^(?:package\.json|licen[cs]e.*|notice.*)$/i;

/** Copies a package without what it depends on: all that runs, or only the files of some names. */
export function copyPackage(from: string, to: string, { only = /(?:)/ }: { only?: RegExp } = {}): void {
  cpSync(from, to, {
    recursive: true,
    filter(source) {
      const name = path.basename(source);
      if (source === from) return true;
      if (LEFT_BEHIND.test(name)) return false;
      return statSync(source).isDirectory() || only.test(name) || ALWAYS.test(name);
    },
  });
}
