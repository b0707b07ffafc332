import { mkdirSync, writeFileSync } from "node:fs";
import path from "node:path";
import { type BuildOptions, build, type Metafile, type Plugin } from "esbuild";
import { manifestOf } from "./copy-package.ts";

// Sotto's own part of what is packed: build.ts adds what comes with it, and the tests run the command from it.

const root = path.join(import.meta.dirname, "../..");
export const dropIn = "@matrix-org/matrix-sdk-crypto-nodejs";
export const wasm = "@matrix-org/matrix-sdk-crypto-wasm";
export const botSdk = "matrix-bot-sdk";

/** Sources that other bundles find as a file of their own. */
const APART: Record<string, string> = {
  "src/errors.ts": "errors",
  "src/commands/shared/program.ts": "program",
  "src/commands/shared/qr-picture.ts": "qr-picture",
  "src/connector/index.ts": "connectors",
  "src/service/bot-client.ts": "bot-client",
  "src/service/metrics.ts": "metrics",
  "src/store/foreign-postgres.ts": "postgres",
};

/** The command and the SDK, and the crypto package below them. */
export async function bundleSotto(folder: string): Promise<Metafile[]> {
  return Promise.all([...sottoOf(folder).map(bundle), bundleDropIn(packedIn(folder, dropIn))]);
}

/** Where a package of this name lies. */
export const packedIn = (folder: string, name: string): string => path.join(folder, "node_modules", name);

/** The command in one file but for what most commands do not need, since each file more takes a millisecond at each start. */
function sottoOf(folder: string): BuildOptions[] {
  const one = (source: string, name = APART[source]): BuildOptions => ({
    entryPoints: [source],
    outfile: path.join(folder, `${name}.js`),
    plugins: [apart],
  });
  /** These, with a file for each source that is imported late, and for what several share. */
  const many = (sources: Record<string, string>): BuildOptions => ({
    entryPoints: sources,
    outdir: folder,
    splitting: true,
    chunkNames: "[name]-[hash]", // beside the files that are found by their place
    plugins: [apart],
  });
  return [
    { ...esm, ...one("src/errors.ts") },
    { ...esm, ...one("src/cli.ts", "cli") },
    { ...esm, ...withRequire, ...one("src/commands/shared/program.ts") },
    { ...forNode, ...one("src/commands/shared/qr-picture.ts") },
    { ...forNode, ...one("src/service/metrics.ts") },
    // libpq instead of its own protocol, which it asks for only where a program wants that
    { ...forNode, ...one("src/store/foreign-postgres.ts"), external: ["node:*", "pg-native"] },
    { ...esm, ...one("src/connector/own.ts", "connector") },
    { ...esm, ...withRequire, ...many({ connectors: "src/connector/index.ts" }) },
    {
      ...esm,
      ...withRequire,
      ...many({
        index: "src/index.ts",
        "bot-client": "src/service/bot-client.ts",
        "connector-contract": "src/connector/contract/index.ts",
      }),
    },
    {
      entryPoints: ["src/audio/opus-worker.ts"],
      outfile: path.join(folder, "opus-worker.cjs"),
      format: "cjs", // which a thread loads faster
      platform: "node",
    },
  ];
}

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
async function bundleDropIn(home: string): Promise<Metafile> {
  const source = path.join(root, "packages/crypto-nodejs");
  const entryPoints = ["src/index.ts", "src/engine.ts"].map((file) => path.join(source, file));
  const { name, version, description, license, type, engines } = manifestOf(source);
  const door = (entry: string) => ({
    types: `./types/crypto-nodejs/src/${entry}.d.ts`,
    default: `./${entry}.js`,
  });
  const exports = { ".": door("index"), "./engine": door("engine") };
  mkdirSync(home, { recursive: true });
  writeJson(path.join(home, "package.json"), { name, version, description, license, type, engines, exports });
  return bundle({ ...esm, entryPoints, outdir: home, splitting: true });
}

export async function bundle(options: BuildOptions): Promise<Metafile> {
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

export function writeJson(file: string, value: unknown): void {
  writeFileSync(file, `${JSON.stringify(value, null, 2)}\n`);
}
