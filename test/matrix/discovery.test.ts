import { describe, expect, test } from "vitest";
import { discoverHomeserver } from "../../src/matrix/index.ts";
import { type Answer, scriptedServer } from "./scripted-server.ts";
import { hasOpenssl, selfSigned, tunnelTo } from "./tls-server.ts";

const versions: Answer = { json: { versions: ["v1.11", "v1.12"] } };

/** Looks up an account of chat.example, whose well-known file is the given answer. */
async function discover(wellKnown: Answer, input = "@voice:chat.example", moved: Answer = versions) {
  using certificate = selfSigned();
  await using server = await scriptedServer(
    ({ path }) => ({ "/.well-known/matrix/client": wellKnown, "/moved": moved })[path] ?? versions,
    certificate,
  );
  await using proxy = await tunnelTo(server.port);
  const { caFile } = certificate;
  return await discoverHomeserver(input, { caFile, env: { HTTPS_PROXY: proxy.url }, retryForMs: 0 });
}

const refused = expect.objectContaining({
  code: "CONFIG_INVALID",
  cure: "give the homeserver's URL instead",
});

describe.skipIf(!hasOpenssl)(".well-known", () => {
  const named = (base_url: unknown): Answer => ({ json: { "m.homeserver": { base_url } } });

  test("names the homeserver of a user ID or server name", async () => {
    const found = { baseUrl: "https://localhost:1234", versions: ["v1.11", "v1.12"] };
    await using matrix = await scriptedServer([versions, versions]);
    found.baseUrl = matrix.url;
    expect(await discover(named(`${matrix.url}/`))).toEqual(found);
    expect(await discover(named(matrix.url), "chat.example:8448")).toEqual(found);
  });

  test("that is absent leaves the server name itself", async () => {
    expect(await discover({ status: 404 })).toEqual({
      baseUrl: "https://chat.example",
      versions: ["v1.11", "v1.12"],
    });
  });

  test("may be behind a redirect", async () => {
    await using matrix = await scriptedServer([versions]);
    const redirect: Answer = { status: 301, headers: { location: "https://www.chat.example/moved" } };
    const found = await discover(redirect, "chat.example", named(matrix.url));
    expect(found.baseUrl).toBe(matrix.url);
  });

  test.each<[string, Answer]>([
    ["is broken", { status: 500 }],
    ["is not JSON", (response) => response.end("<html>")],
    ["is empty", (response) => response.end()],
    ["is not an object", { json: [] }],
    ["names nothing", { json: {} }],
    ["names no string", named(7)],
    ["is endless", (response) => response.end(Buffer.alloc(100_000, " "))],
  ])("that %s is an error, never a guess", async (_name, answer) => {
    await expect(discover(answer)).rejects.toEqual(refused);
  });

  test("that names no URL, or one without TLS, is an error", async () => {
    for (const url of ["matrix.chat.example", "http://matrix.chat.example"]) {
      await expect(discover(named(url))).rejects.toMatchObject({ code: "CONFIG_INVALID" });
    }
  });
});

describe("a URL", () => {
  test("is taken as it is", async () => {
    await using server = await scriptedServer([versions]);
    expect(await discoverHomeserver(server.url, { env: {} })).toMatchObject({ baseUrl: server.url });
    expect(server.requests.map((seen) => seen.path)).toEqual(["/_matrix/client/versions"]);
  });

  test.each<[string, Answer]>([
    ["a web site", (response) => response.end("<html>")],
    ["something without /versions", { status: 404 }],
    ["a server without versions", { json: { versions: [] } }],
  ])("where %s answers is no homeserver", async (_name, answer) => {
    await using server = await scriptedServer([answer]);
    await expect(discoverHomeserver(server.url, { env: {} })).rejects.toMatchObject({
      code: "CONFIG_INVALID",
    });
  });
});

test.each(["not a server", "@voice", "a/b", "chat.example:port"])("%s is no server name", async (input) => {
  await expect(discoverHomeserver(input, { env: {} })).rejects.toMatchObject({ code: "CONFIG_INVALID" });
});
