import { readFileSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { RULES } from "../../src/audit/index.ts";
import type { Facts } from "../../src/model/facts.ts";
import { ALICE, facts, known, ROOM, room, roomState, unread } from "../support/facts.ts";
import { auditSchema, schemaErrors } from "../support/schemas.ts";
import { errorOf, type Outcome, type SottoOptions, sotto } from "../support/sotto.ts";
import { temporaryDirectory } from "../support/temporary.ts";

const CLEAR = room({ state: known(roomState({ encryption: null, name: "\u001b[2Jharbour\u202e" })) });
const broken = facts({ rooms: [CLEAR] });

/** A folder with facts in it, and the command in that folder: no config, no store, no homeserver. */
function place(of: Facts = broken) {
  const directory = temporaryDirectory();
  const path = (name: string): string => join(directory, name);
  writeFileSync(path("facts.json"), JSON.stringify(of));
  const audit = (args: string[] = [], options: SottoOptions = {}): Promise<Outcome> =>
    sotto(["audit", "--facts", "facts.json", ...args], { cwd: directory, ...options });
  return { path, audit, directory, read: (name: string) => readFileSync(path(name), "utf8") };
}
const documentOf = ({ stdout }: Outcome) =>
  JSON.parse(stdout) as {
    findings: { ruleId: string; result: string; fingerprint: string; accepted?: object }[];
    summary: { grade: string };
  };

describe("audit --facts", () => {
  it("judges what was saved: a screen on standard output, and 1 where something is bad", async () => {
    const { audit } = place();
    const { code, stdout, stderr } = await audit();
    expect([code, stderr]).toEqual([1, ""]);
    expect(stdout).toMatch(/Grade F/);
    expect(stdout.replaceAll(/\s+/g, " ")).toContain(
      `${ROOM} "\\u001b[2Jharbour\\u202e": nothing in this room is encrypted`,
    );
    expect(stdout).not.toMatch(/(?!\n)\p{Cc}/u);
  });

  it("is 0 where nothing is wrong, 3 where something could not be read, and 0 where nobody asked for it", async () => {
    const code = async (of: Facts) => (await place(of).audit()).code;
    expect(await code(facts())).toBe(0);
    expect(await code(facts({ rooms: [room({ state: unread("429") })] }))).toBe(3);
    expect(await code(facts({ rooms: [room({ state: { unread: "no file", notAsked: true } })] }))).toBe(0);
  });

  it("fails from the severity that --fail-on names", async () => {
    const { audit } = place();
    expect((await audit(["--fail-on", "critical"])).code).toBe(1);
    expect((await audit(["--fail-on", "never"])).code).toBe(0);
  });

  it("prints one document that the published schema knows", async () => {
    const { audit } = place();
    for (const flags of [["--json"], ["--format", "json"], ["--json", "--all"]]) {
      const outcome = await audit(flags);
      expect(outcome.code).toBe(1);
      expect(schemaErrors(auditSchema(), documentOf(outcome))).toEqual([]);
    }
  });

  it.each([
    ["jsonl", /^\{"kind":"summary"/],
    ["sarif", /"version":"2\.1\.0"/],
    ["junit", /^<\?xml/],
    ["html", /^<!doctype html>/],
    ["markdown", /^# Audit of/],
  ])("prints %s", async (format, beginning) => {
    const { audit } = place();
    const { code, stdout } = await audit(["--format", format]);
    expect(code).toBe(1);
    expect(stdout).toMatch(beginning);
  });

  it("writes it to a file that nobody else can read", async () => {
    const { audit, path, read } = place();
    const { stdout, stderr } = await audit(["--format", "html", "--out", "audit.html"]);
    expect(stdout).toBe("");
    expect(stderr).toContain("audit.html");
    expect(read("audit.html")).toMatch(/^<!doctype html>/);
    expect(statSync(path("audit.html")).mode & 0o777).toBe(0o600);
  });

  it("colours a terminal only", async () => {
    const { audit } = place();
    expect((await audit([], { env: { NO_COLOR: undefined } })).stdout).not.toContain("\u001b");
  });

  it("judges some rooms, and says which it knows nothing of", async () => {
    const { audit } = place(facts({ rooms: [CLEAR, room({ roomId: "!well" })] }));
    expect((await audit(["--room", "!well"])).code).toBe(0);
    expect((await audit(["--room", "!well", "--room", ROOM])).code).toBe(1);
    expect(errorOf(await audit(["--room", "!gone", "--json"]))).toMatchObject({ code: "USAGE", exitCode: 2 });
  });

  it("holds them to a policy", async () => {
    const { audit, path } = place();
    writeFileSync(path("policy.yaml"), `except: { "${ROOM}": { encryption: optional } }`);
    expect((await audit(["--policy", "policy.yaml"])).code).toBe(0);
    writeFileSync(path("policy.yaml"), "rooms: { encryption: maybe }");
    expect(errorOf(await audit(["--policy", "policy.yaml", "--json"]))).toMatchObject({
      code: "CONFIG_INVALID",
    });
    expect(errorOf(await audit(["--policy", "none.yaml", "--json"]))).toMatchObject({
      code: "USAGE",
      exitCode: 2,
    });
  });
});

describe("what was known", () => {
  it("does not fail once it stands in a baseline, and what is new does", async () => {
    const { audit, path } = place();
    await audit(["--write-baseline", "baseline.json"]);
    expect(readFileSync(path("baseline.json"), "utf8")).not.toContain("team");
    const again = await audit(["--baseline", "baseline.json", "--json"]);
    expect(again.code).toBe(0);
    expect(documentOf(again).findings[0]).toMatchObject({ accepted: { by: "baseline" } });
    const other = room({ roomId: "!new", state: known(roomState({ encryption: null })) });
    writeFileSync(path("facts.json"), JSON.stringify(facts({ rooms: [CLEAR, other] })));
    expect((await audit(["--baseline", "baseline.json"])).code).toBe(1);
  });

  it("does not fail while somebody has signed for it, and their name stands in the report", async () => {
    const { audit, path } = place();
    const waiver = (expires: string) =>
      `waivers: [{ rule: SOTTO-ENC-001, room: "${ROOM}", owner: harbour master, reason: closed soon, expires: ${expires} }]`;
    writeFileSync(path("waivers.yaml"), waiver("2026-12-31"));
    const { code, stdout } = await audit(["--waivers", "waivers.yaml"]);
    expect(code).toBe(0);
    expect(stdout).toContain("waived by harbour master until 2026-12-31: closed soon");
    writeFileSync(path("waivers.yaml"), waiver("2026-10-31"));
    const expired = await audit(["--waivers", "waivers.yaml", "--json"]);
    expect(expired.code).toBe(1);
    const failed = documentOf(expired).findings.filter(({ result }) => result === "fail");
    expect(failed.map(({ ruleId }) => ruleId)).toEqual(["SOTTO-ENC-001", "SOTTO-OWN-030"]);
  });
});

describe("under pseudonyms", () => {
  it("nobody is named, in the report or in the facts that are saved", async () => {
    const { audit, path, read } = place();
    writeFileSync(path("key"), "0123456789abcdef0123456789abcdef");
    const flags = [
      "--pseudonymize",
      "--pseudonym-key",
      "key",
      "--json",
      "--all",
      "--save-facts",
      "hidden.json",
    ];
    const first = await audit(flags);
    for (const text of [first.stdout, first.stderr, read("hidden.json")])
      expect(text).not.toMatch(/team|alice|voice:|harbour|example\.org/);
    expect(documentOf(first).summary.grade).toBe("F");
    // the same key gives the same names
    expect((await audit(flags)).stdout).toBe(first.stdout);
    expect(statSync(path("hidden.json")).mode & 0o777).toBe(0o600);
  });

  it("saved facts can be judged, but not by what a policy says of single rooms", async () => {
    const { audit, path, directory } = place();
    await audit(["--pseudonymize", "--save-facts", "hidden.json"]);
    const hidden = (args: string[]) =>
      sotto(["audit", "--facts", "hidden.json", ...args], { cwd: directory });
    expect((await hidden([])).code).toBe(1);
    writeFileSync(path("policy.yaml"), `except: { "${ROOM}": { guests: true } }`);
    expect(errorOf(await hidden(["--policy", "policy.yaml", "--json"]))).toMatchObject({ code: "USAGE" });
  });
});

describe("audit", () => {
  it("lists every rule", async () => {
    const text = await sotto(["audit", "--list"]);
    const json = JSON.parse((await sotto(["audit", "--list", "--json"])).stdout) as { rules: object[] };
    for (const { id, title } of RULES) expect(text.stdout).toMatch(new RegExp(`^${id}  .*${title}$`, "m"));
    expect(json.rules).toHaveLength(RULES.length);
  });

  it.each([
    ["a format that there is not", ["--format", "pdf"]],
    ["two formats", ["--json", "--format", "html"]],
    ["a severity that there is not", ["--fail-on", "info"]],
    ["an alias for a room", ["--room", "#team:example.org"]],
    ["what collecting takes", ["--admin-token-file", "token"]],
    ["a comparison, for which saved facts have no history", ["--since", "last"]],
    ["a key without pseudonyms", ["--pseudonym-key", "facts.json"]],
    ["a file where there is no folder", ["--out", "none/audit.html"]],
  ])("does not take %s", async (_what, flags) => {
    const { audit } = place();
    const outcome = await audit(flags);
    expect(outcome.code).toBe(2);
    expect(outcome.stdout).toBe("");
  });

  it("does not take facts that are none, or from which something is missing", async () => {
    const { audit, path } = place();
    const { encryption: _, ...state } = roomState();
    const lacking = facts({ rooms: [room({ state: { value: state } as never })] });
    for (const text of [
      "no JSON",
      "[]",
      "{}",
      JSON.stringify({ ...facts(), schemaVersion: 2 }),
      JSON.stringify(lacking),
    ]) {
      writeFileSync(path("facts.json"), text);
      expect(errorOf(await audit(["--json"]))).toMatchObject({ code: "USAGE", exitCode: 2 });
    }
  });

  it("takes names that are words of the language as names", async () => {
    const odd = JSON.stringify(facts()).replace(`"${ALICE}":100`, `"__proto__":100`);
    const { audit, path } = place();
    writeFileSync(path("facts.json"), odd);
    expect([0, 1, 3]).toContain((await audit()).code);
  });

  it("without --facts wants a config", async () => {
    const outcome = await sotto(["audit", "--json"], { cwd: temporaryDirectory() });
    expect(errorOf(outcome)).toMatchObject({ code: "CONFIG_NOT_FOUND", exitCode: 2 });
  });
});
