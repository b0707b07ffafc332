import { execFileSync } from "node:child_process";
import { chmodSync, chownSync, existsSync, mkdirSync, symlinkSync } from "node:fs";
import { join } from "node:path";
import { expect, it } from "vitest";
import { MINIMAL, writeConfig } from "../../support/config.ts";
import { temporaryDirectory } from "../../support/temporary.ts";

const MODULE = join(import.meta.dirname, "../../../src/commands/shared/compile-cache.ts");
const asRoot = it.skipIf(process.getuid?.() !== 0);

/** A data directory and its config, and whether a new process would keep its cache there. */
function house(...flags: string[]) {
  const directory = temporaryDirectory();
  const data = join(directory, "data");
  mkdirSync(data, { mode: 0o700 });
  const config = writeConfig(`${MINIMAL}data: ./data\n`, directory);
  const program = `
    import { getCompileCacheDir } from "node:module";
    import { useCompileCache } from ${JSON.stringify(MODULE)};
    useCompileCache(["--config", ${JSON.stringify(config)}, ...${JSON.stringify(flags)}], {});
    console.log(getCompileCacheDir() !== undefined);`;
  const { NODE_COMPILE_CACHE: _unset, ...env } = process.env;
  const isUsed = () =>
    execFileSync(process.execPath, ["--input-type=module", "-e", program], {
      env,
      encoding: "utf8",
    }).trim() === "true";
  return { data, cache: join(data, "compile-cache"), isUsed };
}

it("is kept in our data directory", () => {
  const { cache, isUsed } = house();
  expect(isUsed()).toBe(true);
  expect(existsSync(cache)).toBe(true);
});

it("is kept where the last of several configs has its data", () => {
  const elsewhere = temporaryDirectory();
  const further = writeConfig("data: ./store\n", elsewhere);
  mkdirSync(join(elsewhere, "store"), { mode: 0o700 });
  const { cache, isUsed } = house(`--config=${further}`);
  expect(isUsed()).toBe(true);
  expect(existsSync(cache)).toBe(false);
  expect(existsSync(join(elsewhere, "store/compile-cache"))).toBe(true);
});

it("is not kept where others may write", () => {
  const { data, cache, isUsed } = house();
  chmodSync(data, 0o777);
  expect(isUsed()).toBe(false);
  chmodSync(data, 0o700);
  mkdirSync(cache);
  chmodSync(cache, 0o777);
  expect(isUsed()).toBe(false);
});

it("is not kept behind a link", () => {
  const { cache, isUsed } = house();
  symlinkSync(temporaryDirectory(), cache);
  expect(isUsed()).toBe(false);
});

asRoot("is not taken from somebody else's directory", () => {
  const { data, isUsed } = house();
  chownSync(data, 65_534, 65_534);
  expect(isUsed()).toBe(false);
});
