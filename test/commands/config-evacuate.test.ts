import { chmodSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { expect, it } from "vitest";
import { loadConfig } from "../../src/config/index.ts";
import { checkConfig, verdictOnFiles } from "../../src/service/config-check.ts";
import { configFor } from "../support/config.ts";

const SECRET = `whsec_${Buffer.alloc(32, 7).toString("base64")}\n`;

/** A config with these lines, in a folder with a program and a secret that are right. */
function configWith(evacuate: string, spoil: (folder: string) => void): string {
  const path = configFor("http://127.0.0.1:9");
  const folder = dirname(path);
  writeFileSync(path, `${readFileSync(path, "utf8")}evacuate: ${evacuate}\n`, { mode: 0o600 });
  writeFileSync(join(folder, "tell"), "#!/bin/sh\n", { mode: 0o700 });
  writeFileSync(join(folder, "secret"), SECRET, { mode: 0o600 });
  writeFileSync(join(folder, "url"), "https://example.org/alarm\n", { mode: 0o600 });
  spoil(folder);
  return path;
}

const BOTH = "{ command: [./tell, now], webhook: { urlFile: ./url, secretFile: ./secret } }";

it.each<[what: string, evacuate: string, spoil: (folder: string) => void, words: RegExp | undefined]>([
  ["nothing in channels that are right", BOTH, () => undefined, undefined],
  [
    "a program that is not there",
    "{ command: [./none] }",
    () => undefined,
    /^error evacuate\.command: HERE\/none /,
  ],
  [
    "a program that cannot be executed",
    BOTH,
    (folder) => chmodSync(join(folder, "tell"), 0o600),
    /^error evacuate\.command: HERE\/tell cannot be run \(.*execute it\)$/,
  ],
  [
    "a program that is a folder",
    "{ command: [./folder] }",
    (folder) => mkdirSync(join(folder, "folder")),
    /^error evacuate\.command: HERE\/folder /,
  ],
  [
    "a secret that is not there",
    "{ webhook: { url: 'https://example.org', secretFile: ./none } }",
    () => undefined,
    /^error evacuate\.webhook: cannot read HERE\/none /,
  ],
  [
    "a secret that everybody on the machine can read",
    BOTH,
    (folder) => chmodSync(join(folder, "secret"), 0o604),
    /^error evacuate\.webhook: HERE\/secret .*\(chmod 600 HERE\/secret/,
  ],
  [
    "a secret that its group can read",
    BOTH,
    (folder) => chmodSync(join(folder, "secret"), 0o640),
    /^warning evacuate\.webhook\.secretFile: .*\(chmod 600 HERE\/secret\)$/,
  ],
  [
    "a secret that is none",
    BOTH,
    (folder) => writeFileSync(join(folder, "secret"), "hush\n"),
    /^error evacuate\.webhook: /,
  ],
  [
    "a URL to elsewhere in clear",
    "{ webhook: { url: 'http://example.org/hidden', secretFile: ./secret } }",
    () => undefined,
    /^error evacuate\.webhook: (?!.*hidden).*not encrypted/,
  ],
  [
    "a file whose URL is none",
    BOTH,
    (folder) => writeFileSync(join(folder, "url"), "hidden\n"),
    /^error evacuate\.webhook: (?!.*hidden)/,
  ],
  [
    "what only the service has",
    "{ webhook: { url: 'https://example.org', secretFile: 'credential:hook' } }",
    () => undefined,
    /^warning evacuate\.webhook\.secretFile: credential:hook .*\(run `sotto config check` in the service\)$/,
  ],
])("config check finds %s", async (_what, evacuate, spoil, words) => {
  const path = configWith(evacuate, spoil);
  const found = (await checkConfig({ files: [path], environment: {} }, [])).map(
    ({ severity, key, message, cure }) =>
      `${severity} ${key}: ${message} (${cure})`.replaceAll(dirname(path), "HERE"),
  );
  expect(found).toEqual(words ? [expect.stringMatching(words)] : []);
});

it("doctor says it too", async () => {
  const verdict = (path: string) => verdictOnFiles(loadConfig({ files: [path], environment: {} }));
  expect(await verdict(configWith("{ command: [./none] }", () => undefined))).toMatchObject({
    result: "fail",
    message: expect.stringMatching(/^evacuate\.command: .*none cannot be run$/),
  });
  expect(await verdict(configWith(BOTH, () => undefined))).toEqual(expect.any(String));
});
