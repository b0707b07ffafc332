import { readFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { expect, test } from "vitest";

/** Every file that loading `file` loads, and every package by its name. Types are erased and load nothing. */
function loadedBy(file: string, seen = new Set<string>()): Set<string> {
  if (seen.has(file)) return seen;
  seen.add(file);
  const source = readFileSync(file, "utf8").replace(/^(?:import|export) type .*/gm, "");
  for (const [, specifier = ""] of source.matchAll(/from "([^"]+)"/g)) {
    if (specifier.startsWith(".")) loadedBy(join(dirname(file), specifier), seen);
    else seen.add(specifier);
  }
  return seen;
}

// the accident: one import too many, and every command of the CLI starts 300 ms later
test("the room's door loads no package, and HTTP and TLS only where they are spoken", () => {
  const packages = [...loadedBy("src/matrix/index.ts")].filter((name) => !name.startsWith("src/"));
  expect(packages.sort()).toEqual(["node:crypto", "node:fs", "node:stream", "node:timers/promises"]);
  expect(loadedBy("src/matrix/client.ts")).toContain("matrix-bot-sdk");
});
