import { readdirSync, readFileSync } from "node:fs";
import path from "node:path";
import type { Metafile } from "esbuild";
import { manifestOf } from "./copy-package.ts";

/** What a package holds in compiled form, which no manifest names. */
const INSIDE: Record<string, string> = {
  "opus-decoder":
    "Copyright Ethan Halsall. It contains libopus (BSD-3-Clause, https://opus-codec.org/license/), copyright Xiph.Org, " +
    "Skype Limited, Octasic, Jean-Marc Valin, Timothy B. Terriberry, CSIRO, Gregory Maxwell, Mark Borgerding, " +
    "Erik de Castro Lopo, as WASM.",
  "@wasm-audio-decoders/common":
    "Copyright Ethan Halsall. It contains puff (zlib licence, https://zlib.net/zlib_license.html), copyright Mark Adler, as WASM.",
};

/** The licences of all packages whose code is in these bundles. What lies in dist/node_modules carries its own. */
export function licencesOf(metafiles: Metafile[], root: string): string {
  const inputs = metafiles.flatMap((metafile) => Object.keys(metafile.inputs));
  const folders = new Set(inputs.flatMap((input) => packageFolder(input) ?? []));
  const licences = [...folders].sort().map((folder) => {
    const { name, version, license } = manifestOf(path.join(root, folder));
    const texts = [INSIDE[name], licenceText(path.join(root, folder))].filter(Boolean);
    return [`${name} ${version} (${license})`, ...texts].join("\n\n");
  });
  const own =
    "Sotto is licensed under the Apache License 2.0 (LICENSE). The files in this folder contain these packages:";
  return `${[own, ...licences].join(`\n\n${"-".repeat(80)}\n\n`)}\n`;
}

/** The folder of the package that a file belongs to; undefined for a file of ours. */
function packageFolder(input: string): string | undefined {
  return /^.*node_modules\/(?:@[^/]+\/)?[^/]+/.exec(input)?.[0];
}

/** A few old packages name their licence in the manifest only. */
function licenceText(folder: string): string {
  const file = readdirSync(folder).find((name) => /^(?:licen[cs]e|copying)/i.test(name));
  return file === undefined ? "" : readFileSync(path.join(folder, file), "utf8").trim();
}
