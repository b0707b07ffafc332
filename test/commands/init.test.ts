import { mkdirSync, readdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { freePort } from "../matrix/scripted-server.ts";
import { errorOf, sotto } from "../support/sotto.ts";
import { temporaryDirectory } from "../support/temporary.ts";

/** A directory with a password in it, and the flags that would make a device there. */
function place(homeserver = "http://127.0.0.1:1") {
  const cwd = temporaryDirectory();
  writeFileSync(join(cwd, "password"), "correct horse\n");
  const flags: Record<string, string | undefined> = {
    "--homeserver": homeserver,
    "--user": "@voice:example.org",
    "--password-file": "password",
    "--recovery-key-out": "recovery-key",
  };
  const init = (other: Record<string, string | undefined> = {}, ...more: string[]) => {
    const given = Object.entries({ ...flags, ...other }).filter(([, value]) => value !== undefined);
    return sotto(["init", "--yes", "--json", ...given.flat().map(String), ...more], { cwd });
  };
  return { cwd, init };
}
const usage = { code: "USAGE", exitCode: 2 };

describe("init is used wrongly", () => {
  it("without --yes where nobody can be asked", async () => {
    expect(errorOf(await sotto(["init", "--json"]))).toMatchObject(usage);
  });

  it.each(["--homeserver", "--user", "--password-file", "--recovery-key-out"])(
    "with --yes and without %s, which it names",
    async (flag) => {
      const { cwd, init } = place();
      const error = errorOf(await init({ [flag]: undefined }));
      expect(error).toMatchObject(usage);
      expect(error.message).toContain(flag);
      expect(readdirSync(cwd)).toEqual(["password"]);
    },
  );

  it.each([
    ["a policy that does not exist", { "--share-with": "everyone" }],
    ["the recovery key in the data directory", { "--recovery-key-out": "data/recovery-key" }],
    [
      "the recovery key in the data directory by a way round",
      { "--recovery-key-out": "other/../data/deep/key" },
    ],
    ["an account that is no user ID", { "--user": "voice" }],
  ])("with %s", async (_what, flags) => {
    const { cwd, init } = place();
    expect(errorOf(await init(flags))).toMatchObject(usage);
    expect(readdirSync(cwd)).toEqual(["password"]);
  });
});

describe("init refuses, and leaves nothing behind,", () => {
  it("a password file that cannot be read", async () => {
    const { cwd, init } = place();
    const error = errorOf(await init({ "--password-file": "nowhere" }));
    expect(error).toMatchObject({ code: "SECRET_UNREADABLE", exitCode: 2 });
    expect(error.message).toContain("nowhere");
    expect(readdirSync(cwd)).toEqual(["password"]);
  });

  it("a homeserver that does not answer", async () => {
    const { cwd, init } = place(`http://127.0.0.1:${await freePort()}`);
    expect(errorOf(await init())).toMatchObject({ code: "HOMESERVER_UNREACHABLE", exitCode: 4 });
    expect(readdirSync(cwd)).toEqual(["password"]);
  }, 30_000);

  it("a homeserver to which the password would travel in clear", async () => {
    const { init } = place("http://matrix.example.org");
    const error = errorOf(await init());
    expect(error.exitCode).not.toBe(0);
    expect(error.message).toMatch(/http/);
  });

  it.each([
    ["a config in a folder that is not there", { "--config": "etc/sotto.yaml" }, "etc"],
    ["a recovery key in a folder that is not there", { "--recovery-key-out": "safe/key" }, "safe"],
    ["a data directory where a file lies", { "--data-dir": "password" }, "password"],
  ])("%s, before it asks anybody", async (_what, flags, named) => {
    const { cwd, init } = place();
    const error = errorOf(await init(flags));
    expect(error).toMatchObject({ code: "USAGE", exitCode: 2 });
    expect(error.message).toContain(join(cwd, named));
    expect(readdirSync(cwd)).toEqual(["password"]);
  });

  it("several configs for a device that is not there yet", async () => {
    const { cwd, init } = place();
    writeFileSync(join(cwd, "base.yaml"), "log: { level: debug }\n");
    const error = errorOf(await init({ "--config": "base.yaml" }, "--config", "sotto.yaml"));
    expect(error).toMatchObject({ code: "USAGE", cure: expect.stringContaining("--config once") });
    expect(readdirSync(cwd).toSorted()).toEqual(["base.yaml", "password"]);
  });

  it("a recovery key that would take the place of a file, before it asks anybody", async () => {
    const { cwd, init } = place();
    const error = errorOf(await init({ "--recovery-key-out": "password" }));
    expect(error).toMatchObject({ code: "FILE_EXISTS", exitCode: 2 });
    expect(readdirSync(cwd)).toEqual(["password"]);
  });

  it("a data directory in which another store lies", async () => {
    const { cwd, init } = place();
    mkdirSync(join(cwd, "data"));
    writeFileSync(join(cwd, "data", "matrix-sdk-crypto.sqlite3"), "");
    expect(errorOf(await init())).toMatchObject({ code: "FILE_EXISTS", exitCode: 2 });
    expect(readdirSync(join(cwd, "data"))).toEqual(["matrix-sdk-crypto.sqlite3"]);
  });
});
