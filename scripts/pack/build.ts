import { spawnSync } from "node:child_process";
import { existsSync, mkdirSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import path from "node:path";
import { type BuildOptions, build, type Metafile, type Plugin } from "esbuild";
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
//   dist/qr-picture.js           what reads QR codes from pictures, for `sotto verify` alone
//   dist/matrix-bot-sdk.js       all of matrix-bot-sdk, for bots on Sotto's client
//   dist/types/                  declarations
//   dist/node_modules/           matrix-bot-sdk, and ours in place of its native crypto package. npm honours
//                                "overrides" only in the root project, so a dependency could not exchange it; and
//                                what lies in dist/, no later `npm install` can exchange back.
//   dist/LICENSES.txt            whose code is in all of this

const root = path.join(import.meta.dirname, "../..");
const modules = path.join(root, "node_modules");
const dropIn = "@matrix-org/matrix-sdk-crypto-nodejs";
const wasm = "@matrix-org/matrix-sdk-crypto-wasm";
const botSdk = "matrix-bot-sdk";

const building = path.join(root, ".dev", `dist-${process.pid}`);
const dist = path.join(root, "dist");
const packed = (name: string): string => path.join(building, "node_modules", name);

/** Sources that other bundles find as a file of their own. */
const APART: Record<string, string> = {
  "src/errors.ts": "errors",
  "src/commands/shared/program.ts": "program",
  "src/commands/shared/qr-picture.ts": "qr-picture",
  "src/connector/index.ts": "connectors",
  "src/service/bot-client.ts": "bot-client",
  "src/service/metrics.ts": "metrics",
};

/** The command in one file but for what most commands do not need, since each file more takes a millisecond at each start. */
async function buildSotto(): Promise<Metafile[]> {
  declare(path.join(building, "types"), path.join(root, "src"), [
    "index",
    "connector/own",
    "connector/contract/index",
  ]);
  return Promise.all([
    bundle({ ...esm, ...one("src/errors.ts") }),
    bundle({ ...esm, ...one("src/cli.ts", "cli") }),
    bundle({ ...esm, ...withRequire, ...one("src/commands/shared/program.ts") }),
    bundle({ ...forNode, ...one("src/commands/shared/qr-picture.ts") }),
    bundle({ ...forNode, ...one("src/service/metrics.ts") }),
    bundle({ ...esm, ...one("src/connector/own.ts", "connector") }),
    bundle({ ...esm, ...withRequire, ...many({ connectors: "src/connector/index.ts" }) }),
    bundle({
      ...esm,
      ...withRequire,
      ...many({
        index: "src/index.ts",
        "bot-client": "src/service/bot-client.ts",
        "connector-contract": "src/connector/contract/index.ts",
      }),
    }),
    bundle({
      entryPoints: ["src/audio/opus-worker.ts"],
      outfile: path.join(building, "opus-worker.cjs"),
      format: "cjs", // which a thread loads faster
      platform: "node",
    }),
  ]);
}

const one = (source: string, name = APART[source]): BuildOptions => ({
  entryPoints: [source],
  outfile: path.join(building, `${name}.js`),
  plugins: [apart],
});

/** These, with a file for each source that is imported late, and for what several share. */
const many = (sources: Record<string, string>): BuildOptions => ({
  entryPoints: sources,
  outdir: building,
  splitting: true,
  chunkNames: "[name]-[hash]", // beside the files that are found by their place
  plugins: [apart],
});

/** Leaves out what lies apart, but for where it is the entry. */
const apart: Plugin = {
  name: "apart",
  setup({ onResolve }) {
    onResolve({ filter: /^\..*\.ts$/ }, ({ path: specifier, resolveDir, kind }) => {
      if (kind === "entry-point") return undefined;
      const name = APART[path.relative(root, path.resolve(resolveDir, specifier))];
      return name === undefined ? undefined : { path: `./${name}.js`, external: true };
    });
  },
};

/** Sources become modules: Node does not strip types below node_modules. */
const esm = {
  format: "esm",
  platform: "neutral", // "node" would choose CommonJS where a package has both
  mainFields: ["module", "main"],
  chunkNames: "chunks/[name]-[hash]",
} satisfies BuildOptions;

/** For packages that are CommonJS, and ask for what Node has: pngjs, busboy, prom-client. */
const withRequire = {
  banner: {
    js: 'import { createRequire } from "node:module"; const require = createRequire(import.meta.url);',
  },
} satisfies BuildOptions;

const forNode = { ...withRequire, format: "esm", platform: "node" } satisfies BuildOptions;

/** The drop-in as a package of its own, with indexeddb-sqlite inside. */
async function buildDropIn(): Promise<Metafile> {
  const home = packed(dropIn);
  const source = path.join(root, "packages/crypto-nodejs");
  const entryPoints = ["src/index.ts", "src/engine.ts"].map((file) => path.join(source, file));
  const metafile = await bundle({ ...esm, entryPoints, outdir: home, splitting: true });
  declare(path.join(home, "types"), path.join(root, "packages"), [
    "crypto-nodejs/src/index",
    "crypto-nodejs/src/engine",
  ]);
  const { name, version, description, license, type, engines } = manifestOf(source);
  const door = (entry: string) => ({
    types: `./types/crypto-nodejs/src/${entry}.d.ts`,
    default: `./${entry}.js`,
  });
  const exports = { ".": door("index"), "./engine": door("engine") };
  writeJson(path.join(home, "package.json"), { name, version, description, license, type, engines, exports });
  return metafile;
}

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

async function bundle(options: BuildOptions): Promise<Metafile> {
  const { metafile } = await build({
    absWorkingDir: root,
    target: "node22.18",
    bundle: true,
    external: ["node:*", dropIn, wasm, botSdk],
    minifySyntax: true,
    minifyWhitespace: true, // names stay: a stack trace is to be readable
    metafile: true,
    logLevel: "warning",
    ...options,
  });
  return metafile!;
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

function writeJson(file: string, value: unknown): void {
  writeFileSync(file, `${JSON.stringify(value, null, 2)}\n`);
}

/** Another pack may be reading the old folder: it goes away whole, and the new one comes whole. */
function replace(folder: string, by: string): void {
  const old = `${by}-old`;
  if (existsSync(folder)) renameSync(folder, old);
  renameSync(by, folder);
  rmSync(old, { recursive: true, force: true });
}

try {
  const metafiles = [...(await buildSotto()), await buildDropIn(), await buildBotSdk()];
  copyPackage(path.join(modules, wasm), packed(wasm));
  // the config's type is inferred by zod, whose code is in the bundle
  copyPackage(path.join(modules, "zod"), packed("zod"), { only: /\.d\.ts$/ });
  writeFileSync(path.join(building, "LICENSES.txt"), licencesOf(metafiles, root));
  replace(dist, building);
} finally {
  rmSync(building, { recursive: true, force: true });
}
