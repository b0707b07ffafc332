import { describe, expect, it, onTestFinished } from "vitest";
import {
  announcedUrl,
  areProfilesPublic,
  isAdminApiExposed,
  isDirectoryPublic,
  isFederating,
  messageRateLimit,
  registrationFlows,
  softwareOf,
  turnOf,
} from "../../../src/matrix/facts/index.ts";
import type { Transport } from "../../../src/matrix/index.ts";
import { fault, limited, transportTo } from "../../support/transport.ts";
import { type Answer, scriptedServer } from "../scripted-server.ts";

const USER = "@voice:example.org";
const MANNER = { retryForMs: 0 };

/** A homeserver that answers everything so. */
async function saying(answer: Answer): Promise<Transport> {
  const server = await scriptedServer(() => answer);
  const transport = transportTo(server);
  onTestFinished(async () => {
    transport.close();
    await server[Symbol.asyncDispose]();
  });
  return transport;
}

const refused = (status: number, errcode?: string): Answer => ({
  status,
  json: { ...(errcode && { errcode }) },
});
const page: Answer = (response) =>
  void response.writeHead(200, { "content-type": "text/html" }).end("<html>");
const missingToken = refused(401, "M_MISSING_TOKEN");
const unknownPath = refused(404, "M_UNRECOGNIZED");
const proxyPage = refused(404);

const LOOKS: Record<string, (transport: Transport) => Promise<unknown>> = {
  flows: (transport) => registrationFlows(transport, MANNER),
  admin: (transport) => isAdminApiExposed(transport, MANNER),
  profiles: (transport) => areProfilesPublic(transport, USER, MANNER),
  directory: (transport) => isDirectoryPublic(transport, MANNER),
  federation: (transport) => isFederating(transport, MANNER),
};

describe("what strangers are answered", () => {
  it.each<[string, keyof typeof LOOKS, Answer, unknown]>([
    [
      "open registration",
      "flows",
      { status: 401, json: { flows: [{ stages: ["m.login.dummy"] }] } },
      [["m.login.dummy"]],
    ],
    ["closed registration", "flows", refused(403, "M_FORBIDDEN"), null],
    ["an admin API", "admin", { json: { server_version: "1.163.2" } }, true],
    ["an admin API that asks for a token", "admin", missingToken, true],
    ["no admin API", "admin", unknownPath, false],
    ["a proxy in front of the admin API", "admin", refused(403), false],
    ["a web page at every path", "admin", page, false],
    ["a profile", "profiles", { json: { displayname: "Voice" } }, true],
    ["a profile with nothing in it", "profiles", refused(404, "M_NOT_FOUND"), true],
    ["no profile without a token", "profiles", missingToken, false],
    ["no profile to strangers", "profiles", refused(403, "M_FORBIDDEN"), false],
    ["a list of rooms", "directory", { json: { chunk: [] } }, true],
    ["no list of rooms without a token", "directory", missingToken, false],
    ["a federation API", "federation", { json: { server: { name: "Synapse", version: "1" } } }, true],
    ["no federation API", "federation", unknownPath, false],
    ["a web page in its place", "federation", page, false],
  ])("is seen: %s", async (_what, look, answer, expected) => {
    expect(await LOOKS[look]!(await saying(answer))).toEqual(expected);
  });

  it.each(Object.keys(LOOKS))("is not guessed where the homeserver is in trouble: %s", async (look) => {
    for (const answer of [limited(), refused(500), refused(502), refused(504, "M_UNKNOWN")])
      expect(await fault(LOOKS[look]!(await saying(answer)))).toBeInstanceOf(Error);
  });

  it.each<[keyof typeof LOOKS, Answer]>([
    ["flows", unknownPath],
    ["flows", page],
    ["flows", missingToken],
    ["flows", { status: 401, json: { flows: "many" } }],
    ["flows", { status: 401, json: { flows: [] } }],
    ["flows", { status: 401, json: { flows: [7] } }],
    ["flows", { status: 401, json: { flows: [{ stages: ["a"] }, { stages: [1, "a"] }] } }],
    ["profiles", proxyPage],
    ["profiles", unknownPath],
    ["profiles", page],
    ["directory", proxyPage],
    ["directory", { json: { chunk: "all" } }],
  ])("is not guessed from an answer without sense: %s", async (look, answer) => {
    expect(await fault(LOOKS[look]!(await saying(answer)))).toMatchObject({ code: "HOMESERVER_ERROR" });
  });

  it("begins no registration with anything that could end one", async () => {
    const server = await scriptedServer([refused(403, "M_FORBIDDEN")]);
    onTestFinished(() => server[Symbol.asyncDispose]());
    await registrationFlows(transportTo(server), MANNER);
    expect(server.requests.map(({ method, path, body }) => [method, path, body.toString()])).toEqual([
      ["POST", "/_matrix/client/v3/register", "{}"],
    ]);
  });
});

describe("what a homeserver says of itself", () => {
  it("is its name and version, by the federation API or by Synapse's own", async () => {
    const both = await saying({
      json: { server: { name: "Tuwunel", version: "1.2" }, server_version: "1.163" },
    });
    expect(await softwareOf(both, () => MANNER)).toEqual({ name: "Tuwunel", version: "1.2" });
    const admin = await saying({ json: { server: "no", server_version: "1.163.2" } });
    expect(await softwareOf(admin, () => MANNER)).toEqual({ name: "Synapse", version: "1.163.2" });
    expect(await fault(softwareOf(await saying(unknownPath), () => MANNER))).toMatchObject({
      code: "HOMESERVER_ERROR",
    });
    const endless = await saying({ json: { server: { name: "x".repeat(10_000), version: "1" } } });
    expect((await softwareOf(endless, () => MANNER)).name).toHaveLength(200);
  });

  it("is where clients reach it", async () => {
    const said = (base_url: unknown): Answer => ({ json: { "m.homeserver": { base_url } } });
    expect(await announcedUrl(await saying(said("https://matrix.example.org/")), MANNER)).toBe(
      "https://matrix.example.org",
    );
    for (const answer of [said(""), said(7), { json: {} }, page, proxyPage])
      expect(await fault(announcedUrl(await saying(answer), MANNER))).toMatchObject({
        code: "HOMESERVER_ERROR",
      });
  });
});

describe("what our account is given", () => {
  const turn = {
    username: "1767225600:@voice:example.org",
    password: "hush",
    ttl: 3_600,
    uris: ["turn:a", 7],
  };

  it("is a TURN server without its password, or none", async () => {
    const given = await turnOf(await saying({ json: turn }), MANNER);
    expect(given).toEqual({ ttlSec: 3_600, uris: ["turn:a"], isTimeLimited: true });
    const shared = await turnOf(await saying({ json: { ...turn, username: "everybody" } }), MANNER);
    expect(shared?.isTimeLimited).toBe(false);
    for (const answer of [{ json: {} }, refused(404, "M_NOT_FOUND"), unknownPath])
      expect(await turnOf(await saying(answer), MANNER)).toBeNull();
  });

  it("is not guessed from an answer without sense", async () => {
    for (const json of [
      { ...turn, ttl: "long" },
      { ...turn, ttl: -1 },
      { uris: [] },
      [],
      { ...turn, uris: "turn:a" },
    ])
      expect(await fault(turnOf(await saying({ json }), MANNER))).toMatchObject({ code: "HOMESERVER_ERROR" });
    expect(await fault(turnOf(await saying(proxyPage), MANNER))).toMatchObject({ code: "HOMESERVER_ERROR" });
    for (const json of [[], { messages_per_second: "many", burst_count: 1 }, { messages_per_second: 1 }])
      expect(await fault(messageRateLimit(await saying({ json }), USER, MANNER))).toMatchObject({
        code: "HOMESERVER_ERROR",
      });
  });

  it("is a limit of its own, or the default", async () => {
    expect(await messageRateLimit(await saying({ json: {} }), USER, MANNER)).toBeNull();
    const own = await saying({ json: { messages_per_second: 5, burst_count: 10 } });
    expect(await messageRateLimit(own, USER, MANNER)).toEqual({ messagesPerSecond: 5, burstCount: 10 });
  });
});
