import { mkdirSync, readdirSync, readFileSync, statSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import {
  fileNameOf,
  forgetPassword,
  newPassword,
  passwordFileOf,
} from "../../../src/service/team/password-files.ts";
import { temporaryDirectory } from "../../support/temporary.ts";

const ALICE = "@alice:example.org";

describe("passwords", () => {
  it("are 20 letters in groups, none of which looks like another, and no two alike", () => {
    const some = Array.from({ length: 200 }, newPassword);
    for (const password of some) expect(password).toMatch(/^(?:[2-9a-hjkmnp-z]{4}-){4}[2-9a-hjkmnp-z]{4}$/);
    expect(new Set(some).size).toBe(200);
    expect(new Set(some.join("").replaceAll("-", "")).size).toBe(31);
  });
});

describe("a password's file", () => {
  it("is its owner's alone, and the same one the next time", () => {
    const folder = join(temporaryDirectory(), "new", "passwords");
    const first = passwordFileOf(folder, ALICE);
    expect(first.isNew).toBe(true);
    expect(statSync(first.path).mode & 0o777).toBe(0o600);
    expect(statSync(folder).mode & 0o777).toBe(0o700);
    expect(readFileSync(first.path, "utf8")).toBe(`${first.password}\n`);
    expect(passwordFileOf(folder, ALICE)).toEqual({ ...first, isNew: false });
    expect(readdirSync(folder)).toEqual(["alice.txt"]);
    forgetPassword(first);
    expect(readdirSync(folder)).toEqual([]);
  });

  it("of somebody else is left as it is, a link too", () => {
    const folder = temporaryDirectory();
    const elsewhere = join(folder, "elsewhere");
    writeFileSync(join(folder, "alice.txt"), "their own");
    symlinkSync(elsewhere, join(folder, "bob.txt"));
    expect(() => passwordFileOf(folder, ALICE)).toThrow(expect.objectContaining({ code: "FILE_EXISTS" }));
    expect(() => passwordFileOf(folder, "@bob:example.org")).toThrow();
    expect(readFileSync(join(folder, "alice.txt"), "utf8")).toBe("their own");
    expect(readdirSync(folder).sort()).toEqual(["alice.txt", "bob.txt"]);
  });

  it("that a killed process has begun is begun anew", () => {
    const folder = temporaryDirectory();
    mkdirSync(folder, { recursive: true });
    writeFileSync(join(folder, ".alice.txt.part"), "abc");
    expect(passwordFileOf(folder, ALICE).isNew).toBe(true);
    expect(readdirSync(folder)).toEqual(["alice.txt"]);
  });

  it("lies in its folder, whatever a user is called, and no two have one", () => {
    const names = ["@../x:h", "@..:h", "@a/b:h", "@a%2Fb:h", "@.a:h", "@%2Ea:h", "@a:other", "@a:h"].map(
      (id) => fileNameOf(id, "h"),
    );
    for (const name of names) expect(name).not.toMatch(/\/|^\./);
    expect(new Set(names).size).toBe(names.length);
    expect(fileNameOf("@a:h", "h")).toBe("a");
  });
});
