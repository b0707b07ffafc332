import { randomBytes } from "node:crypto";
import { writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { afterEach, describe, expect, it, vi } from "vitest";
import { z } from "zod/mini";
import {
  configSchema,
  loadConfig,
  readAccessToken,
  readSecret,
  readStoreKey,
} from "../../src/config/index.ts";
import { CONNECTORS } from "../../src/connector/index.ts";
import { silentLogger } from "../../src/log.ts";
import { logInAgain } from "../../src/service/relogin.ts";
import { MINIMAL, writeConfig } from "../support/config.ts";
import { temporaryDirectory } from "../support/temporary.ts";

/** A config whose store key file holds these bytes; none where they are undefined. */
function withKey(bytes: Uint8Array | undefined) {
  const path = writeConfig(`${MINIMAL}storeKeyFile: ./store.key\n`);
  if (bytes) writeFileSync(join(dirname(path), "store.key"), bytes);
  return loadConfig(path);
}

describe("the store key", () => {
  it("is 32 bytes, as they lie in the file", () => {
    const key = randomBytes(32);
    expect(Buffer.from(readStoreKey(withKey(key)))).toEqual(key);
  });

  it.each([
    ["missing", undefined],
    ["empty", Buffer.alloc(0)],
    ["too short", randomBytes(31)],
    ["too long", randomBytes(33)],
    ["nothing but zeros", Buffer.alloc(32)],
    ["one byte again and again", Buffer.alloc(32, "a")],
  ])("that is %s stops everything: there is no default", (_what, bytes) => {
    const missing = expect.objectContaining({ code: "STORE_KEY_MISSING", exitCode: 2 });
    expect(() => readStoreKey(withKey(bytes))).toThrow(missing);
  });
});

describe("a secret's file", () => {
  it("is read without its line end", () => {
    const path = join(temporaryDirectory(), "password");
    writeFileSync(path, "correct horse\r\n");
    expect(readSecret(path)).toBe("correct horse");
  });

  it("that cannot be read, or holds nothing, is wrong usage and is named", () => {
    const folder = temporaryDirectory();
    const empty = join(folder, "empty");
    writeFileSync(empty, "\n");
    for (const path of [join(folder, "nowhere"), folder, empty]) {
      expect(() => readSecret(path)).toThrow(
        expect.objectContaining({
          code: "SECRET_UNREADABLE",
          exitCode: 2,
          message: expect.stringContaining(path),
        }),
      );
    }
  });
});

describe("a systemd credential", () => {
  afterEach(() => vi.unstubAllEnvs());

  const config = `${MINIMAL.replace("./data/access-token", "credential:token")}storeKeyFile: credential:store-key\n`;

  /** A service's credentials, as its manager lays them down. */
  function given(credentials: Record<string, string | Uint8Array>): string {
    const directory = temporaryDirectory();
    for (const [name, content] of Object.entries(credentials))
      writeFileSync(join(directory, name), content, { mode: 0o440 });
    vi.stubEnv("CREDENTIALS_DIRECTORY", directory);
    return directory;
  }

  it("is read from where the service has it", () => {
    const key = randomBytes(32);
    const directory = given({ token: "syt_token\n", "store-key": key });
    const loaded = loadConfig(writeConfig(config));
    expect(loaded.storeKeyFile).toBe(join(directory, "store-key"));
    expect(readAccessToken(loaded)).toBe("syt_token");
    expect(Buffer.from(readStoreKey(loaded))).toEqual(key);
  });

  it("may be a connector's secret", () => {
    const directory = given({});
    expect(loadConfig(writeConfig(config)).pathOf("hook", "credential:hook")).toBe(join(directory, "hook"));
    vi.unstubAllEnvs();
    vi.stubEnv("CREDENTIALS_DIRECTORY", undefined);
    expect(() => loadConfig(writeConfig(config)).pathOf("hook", "credential:hook")).toThrow(
      expect.objectContaining({
        code: "SECRET_UNREADABLE",
        cure: expect.stringContaining("LoadCredential=hook:"),
      }),
    );
  });

  it("that the service was not given is named, and what its unit lacks", () => {
    given({});
    const loaded = loadConfig(writeConfig(config));
    const lacks = { cure: expect.stringContaining("LoadCredential="), exitCode: 2 };
    expect(() => readAccessToken(loaded)).toThrow(
      expect.objectContaining({
        ...lacks,
        code: "SECRET_UNREADABLE",
        message: expect.stringContaining("token"),
      }),
    );
    expect(() => readStoreKey(loaded)).toThrow(
      expect.objectContaining({ ...lacks, code: "STORE_KEY_MISSING" }),
    );
  });

  it("is out of reach outside of a service, which does not keep the rest of the config from being read", () => {
    vi.stubEnv("CREDENTIALS_DIRECTORY", undefined);
    const loaded = loadConfig(writeConfig(config));
    const why = { message: expect.stringMatching(/"(?:token|store-key)".*\$CREDENTIALS_DIRECTORY/) };
    expect(() => readAccessToken(loaded)).toThrow(
      expect.objectContaining({ ...why, code: "SECRET_UNREADABLE" }),
    );
    expect(() => readStoreKey(loaded)).toThrow(
      expect.objectContaining({ ...why, code: "STORE_KEY_MISSING" }),
    );
  });

  it.each(["credential:", "credential:..", "credential:../token", "credential:a/b"])("is not %s", (name) => {
    const yaml = MINIMAL.replace("./data/access-token", JSON.stringify(name));
    expect(() => loadConfig(writeConfig(yaml))).toThrow(/:5: account\.accessTokenFile: /);
  });

  it("is not a token that a login could replace: nobody logs in for one that would be lost", async () => {
    given({ token: "syt_token", password: "hush" });
    const yaml = config.replace("https://matrix.example.org", "http://127.0.0.1:9");
    const loaded = loadConfig(
      writeConfig(yaml.replace("storeKeyFile", "  passwordFile: credential:password\nstoreKeyFile")),
    );
    await expect(logInAgain(loaded, silentLogger)).rejects.toMatchObject({
      code: "TOKEN_REJECTED",
      cure: expect.stringContaining("account.accessTokenFile"),
    });
  });
});

describe("the schemas", () => {
  /** Every key below a schema that takes a text, with its path. */
  function* texts(node: Node, path: string): Generator<string> {
    if (node.type === "string" && node.const === undefined && !node.enum) yield path;
    for (const [key, child] of Object.entries(node.properties ?? {})) yield* texts(child, `${path}.${key}`);
    for (const child of [node.items, node.additionalProperties, ...(node.anyOf ?? [])])
      if (typeof child === "object") yield* texts(child, path);
  }
  interface Node {
    type?: string;
    const?: unknown;
    enum?: unknown;
    properties?: Record<string, Node>;
    items?: Node;
    additionalProperties?: Node | boolean;
    anyOf?: Node[];
  }
  const ofSecret = /(?:token|password|passphrase|secret|key|credential)s?$/i;
  const found = (schema: z.core.$ZodType): string[] =>
    [...texts(z.toJSONSchema(schema, { io: "input", unrepresentable: "any" }) as Node, "")].filter((path) =>
      ofSecret.test(path),
    );

  it("have no key whose value would be a secret: they name its file", () => {
    const all = [configSchema, ...CONNECTORS.map(({ settings }) => settings)];
    expect(all.flatMap(found)).toEqual([]);
    expect(found(z.object({ a: z.object({ apiKey: z.optional(z.string()), keyFile: z.string() }) }))).toEqual(
      [".a.apiKey"],
    );
  });
});
