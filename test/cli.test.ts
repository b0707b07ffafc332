import { describe, expect, it } from "vitest";
import { COMMANDS } from "../src/commands/index.ts";
import { errorOf, sotto } from "./support/sotto.ts";
import { temporaryDirectory } from "./support/temporary.ts";

const NAMES = Object.keys(COMMANDS);

describe("the program", () => {
  it("helps on standard output, naming every command", async () => {
    const { code, stdout, stderr } = await sotto(["--help"]);
    expect([code, stderr]).toEqual([0, ""]);
    for (const name of NAMES) expect(stdout).toMatch(new RegExp(`^ {2}${name} `, "m"));
  });

  it.each(NAMES)("helps with %s, and with the options every command has", async (name) => {
    const { code, stdout, stderr } = await sotto([name, "--help"]);
    expect([code, stderr]).toEqual([0, ""]);
    for (const text of [`sotto ${name}`, "--config", "--json"]) expect(stdout).toContain(text);
    // only who asks another process waits for it
    expect(stdout.includes("--wait")).toBe(
      !["init", "run", "logout", "config", "audio", "token"].includes(name),
    );
  });

  it.each([
    ["queue", "drop"],
    ["recovery", "drill"],
  ])("helps with %s %s, and names the options it shares", async (...names) => {
    const { stdout } = await sotto([...names, "--help"]);
    for (const text of [`sotto ${names.join(" ")}`, "--config", "--json"]) expect(stdout).toContain(text);
  });

  it("says where to read on: in the help of the command that was meant", async () => {
    expect(errorOf(await sotto(["queue", "burn", "--json"])).cure).toContain("sotto queue --help");
    expect(errorOf(await sotto(["burn", "--json"])).cure).toContain("`sotto --help`");
  });

  it("without a command says what there is, as a wrong use and in words of its own", async () => {
    const { code, stdout, stderr } = await sotto([]);
    expect([code, stdout]).toEqual([2, ""]);
    for (const name of NAMES) expect(stderr).toContain(name);
    expect(stderr).not.toContain("(outputHelp)");
  });

  it.each(["trust", "queue", "identity", "recovery"])("says in JSON that %s alone is none", async (name) => {
    expect(errorOf(await sotto([name, "--json"]))).toMatchObject({ code: "USAGE", exitCode: 2 });
  });

  it.each(["bogus", "toString", "constructor", "__proto__"])("does not know the command %s", async (name) => {
    expect(errorOf(await sotto([name, "--json"]))).toMatchObject({ code: "USAGE", exitCode: 2 });
  });
});

describe("a Node that is too old", () => {
  /** Lets the program see another version. */
  const pretending = (version: string) => ({
    NODE_OPTIONS: `--import=data:text/javascript,${encodeURIComponent(
      `Object.defineProperty(process, "versions", { value: { ...process.versions, node: "${version}" } });`,
    )}`,
  });

  it.each(["20.19.0", "22.17.1"])("is told so: %s", async (version) => {
    const env = pretending(version);
    const error = errorOf(await sotto(["--help", "--json"], { env }));
    expect(error).toMatchObject({ code: "NODE_TOO_OLD", exitCode: 2 });
    expect(error.message).toContain(version);
    expect(error.cure).toContain("22.18");
  });

  it.each(["22.18.0", "26.0.0"])("is not: %s", async (version) => {
    expect((await sotto(["--help"], { env: pretending(version) })).code).toBe(0);
  });
});

describe("an error", () => {
  it("is words on standard error: what, the code, the cause, the cure", async () => {
    const { code, stdout, stderr } = await sotto(["run"], { cwd: temporaryDirectory() });
    expect([code, stdout]).toEqual([2, ""]);
    const [what, cause, cure, ...rest] = stderr.trimEnd().split("\n");
    expect(what).toMatch(/^sotto: [a-z].* \(CONFIG_NOT_FOUND\)$/);
    expect(cause).toMatch(/^ {2}cause: ENOENT/);
    expect(cure).toMatch(/^ {2}cure: {2}run `sotto init`/);
    expect(rest).toEqual([]);
  });

  it("is one JSON object on standard error with --json, and nothing on standard output", async () => {
    const { code, stdout, stderr } = await sotto(["run", "--json"], { cwd: temporaryDirectory() });
    expect([code, stdout]).toEqual([2, ""]);
    expect(JSON.parse(stderr)).toEqual({
      code: "CONFIG_NOT_FOUND",
      message: expect.any(String),
      cause: expect.stringContaining("ENOENT"),
      cure: expect.any(String),
    });
    expect(stderr.trimEnd().split("\n")).toHaveLength(1);
  });

  it("names the config that was looked for: the flag's, else the environment's, else the one here", async () => {
    const cwd = temporaryDirectory();
    const missing = async (args: string[], env = {}) =>
      errorOf(await sotto(["run", "--json", ...args], { cwd, env })).message;
    expect(await missing(["--config", "flag.yaml"], { SOTTO_CONFIG: "/nowhere/env.yaml" })).toContain(
      "flag.yaml",
    );
    expect(await missing([], { SOTTO_CONFIG: "/nowhere/env.yaml" })).toContain("/nowhere/env.yaml");
    expect(await missing([], { SOTTO_CONFIG: undefined })).toContain("sotto.yaml");
  });
});
