import { readFileSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { expect, it } from "vitest";
import { checkConfig } from "../../src/service/config-check.ts";
import { configFor } from "../support/config.ts";

/** What is wrong with what rooms are held to, which keeps `sotto run` from starting where there is a patrol. */
async function findings(files: Record<string, string>): Promise<string[]> {
  const path = configFor("http://127.0.0.1:9");
  const keys = Object.keys(files).map((key) => `${key}: ./${key}\n`);
  writeFileSync(path, `${readFileSync(path, "utf8")}patrol: {}\n${keys.join("")}`, { mode: 0o600 });
  for (const [key, text] of Object.entries(files))
    if (text !== "") writeFileSync(join(dirname(path), key), text);
  const found = await checkConfig({ files: [path], environment: {} }, []);
  return found.map(({ severity, key, message }) => `${severity} ${key}: ${message}`);
}

it("config check reads what rooms are held to, and says of each file what is wrong", async () => {
  expect(await findings({ policy: "rooms: { guests: true }\n", waivers: "waivers: []\n" })).toEqual([]);
  expect(await findings({ policy: "", waivers: "waivers: [{}]\n", baseline: "{}" })).toEqual([
    expect.stringMatching(/^error policy: .*policy/),
    expect.stringMatching(/^error waivers: .*waivers:1/),
    expect.stringMatching(/^error baseline: .*baseline/),
  ]);
});
