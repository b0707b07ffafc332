import { spawnSync } from "node:child_process";
import { existsSync, mkdirSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import path from "node:path";
import type { Metafile } from "esbuild";
import { botSdk, bundle, bundleSotto, dropIn, packedIn, wasm, writeJson } from "./bundles.ts";
import { copyPackage, manifestOf } from "./copy-package.ts";
import { licencesOf } from "./licences.ts";

// `npm pack` runs this first (package.json, "prepack"). It writes dist/ and nothing else: the packed manifest is the
// one that lies in the repository, so no file of the working tree is swapped, and none has to be put back.
//
//   dist/cli.js, dist/program.js, dist/index.js   the command and the SDK
//   dist/errors.js               one SottoError for all of them
//   dist/connectors.js           the connectors' settings, for `sotto run` and `sotto config`; each one's code is a file
//   dist/connector.js            what a connector of another program is made of, with all of zod's small form
//   dist/connector-contract.js   what every connector must hold to, for the tests of others
//   dist/opus-worker.cjs         the thread that decodes Opus, with its decoder
//   dist/metrics.js              Prometheus' client, for `sotto run` where the config has `listen`
//   dist/postgres.js             PostgreSQL's client, for whoever names a database of that kind
//   dist/qr-picture.js           what reads QR codes from pictures, for `sotto verify` alone
//   dist/matrix-bot-sdk.js       all of matrix-bot-sdk, for bots on Sotto's client
//   dist/types/                  declarations
//   dist/node_modules/           matrix-bot-sdk, and ours in place of its native crypto package. npm honours
//                                "overrides" only in the root project, so a dependency could not exchange it; and
//                                what lies in dist/, no later `npm install` can exchange back.
//   dist/LICENSES.txt            whose code is in all of this

const root = path.join(import.meta.dirname, "../..");
const modules = path.join(root, "node_modules");

const building = path.join(root, ".dev", `dist-${process.pid}`);
const dist = path.join(root, "dist");
const packed = (name: string): string => packedIn(building, name);

/**
 * In one file, whole: it and the 150 packages it needs are 3,000 files otherwise. Its declarations come as they are.
 */
async function buildBotSdk(): Promise<Metafile> {
  const home = path.join(modules, botSdk);
  const { main, typings, name, version, license } = manifestOf(home);
  copyPackage(home, packed(botSdk), { only: /\.d\.ts$/ });
  writeJson(path.join(packed(botSdk), "package.json"), { name, version, license, main, typings });
  const names = Object.keys(createRequire(import.meta.url)(botSdk) as object).join(", ");
  const metafile = await bundle({
    entryPoints: [path.join(home, main!)],
    outfile: path.join(packed(botSdk), main!),
    format: "cjs",
    platform: "node",
    footer: { js: `0 && (module.exports = { ${names} });` }, // never runs: tells `import { … }` what there is
  });
  for (const door of ["matrix-bot-sdk.js", "types/matrix-bot-sdk.d.ts"]) {
    writeFileSync(path.join(building, door), `export * from "${botSdk}";\n`);
  }
  return metafile;
}

/** Declarations of these files and of all they import, below `outDir` as they lie below `rootDir`. */
function declare(outDir: string, rootDir: string, entries: string[]): void {
  const compilerOptions = { noEmit: false, declaration: true, emitDeclarationOnly: true, outDir, rootDir };
  const files = entries.map((entry) => path.join(rootDir, `${entry}.ts`));
  const config = path.join(outDir, "tsconfig.json");
  mkdirSync(outDir, { recursive: true });
  writeJson(config, { extends: path.join(root, "tsconfig.json"), compilerOptions, files, include: [] });
  const { status } = spawnSync("tsc", ["-p", config], { cwd: root, stdio: ["ignore", 2, 2] });
  rmSync(config);
  if (status !== 0) throw new Error("tsc could not write the declarations: the reason is above");
}

/** Another pack may be reading the old folder: it goes away whole, and the new one comes whole. */
function replace(folder: string, by: string): void {
  const old = `${by}-old`;
  if (existsSync(folder)) renameSync(folder, old);
  renameSync(by, folder);
  rmSync(old, { recursive: true, force: true });
}

try {
  const types = path.join(building, "types");
  declare(types, path.join(root, "src"), ["index", "connector/own", "connector/contract/index"]);
  declare(path.join(packed(dropIn), "types"), path.join(root, "packages"), [
    "crypto-nodejs/src/index",
    "crypto-nodejs/src/engine",
  ]);
  const metafiles = [...(await bundleSotto(building)), await buildBotSdk()];
  copyPackage(path.join(modules, wasm), packed(wasm));
  // the config's type is inferred by zod, whose code is in the bundle
  copyPackage(path.join(modules, "zod"), packed("zod"), { only: /\.d\.ts$/ });
  writeFileSync(path.join(building, "LICENSES.txt"), licencesOf(metafiles, root));
  replace(dist, building);
} finally {
  rmSync(building, { recursive: true, force: true });
}
