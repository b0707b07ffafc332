import { readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { parse } from "yaml";
import { type SourceBench, sourceContract } from "../../src/connector/contract/index.ts";
import { HttpConnector } from "../../src/connector/http/connector.ts";
import { openApi } from "../../src/connector/http/openapi.ts";
import { httpSettings } from "../../src/connector/http/settings.ts";
import { CONNECTORS } from "../../src/connector/index.ts";
import { silentLogger } from "../../src/log.ts";
import { ask, contextOf, openDoor, settingsOf, sha256, TOKEN, VOICE } from "../support/http-connector.ts";
import { temporaryDirectory } from "../support/temporary.ts";

const ROOT = join(import.meta.dirname, "../..");
const token = { name: "doorbell", sha256: sha256(TOKEN) };

/** A client that offers again what was refused for a while, on a socket that outlives the connector. */
async function bench(): Promise<SourceBench> {
  const socketPath = join(temporaryDirectory(), "http.sock");
  let isOpen = true;
  const offerOnce = async (id: string, body: Uint8Array): Promise<number> => {
    const answer = await ask(0, { socketPath, body, headers: { "idempotency-key": id } });
    return answer.status;
  };
  return {
    keeps: false,
    identity: "origin",
    open: async () => new HttpConnector(settingsOf({ listen: socketPath }), contextOf(silentLogger)),
    async offer(id, recording) {
      while (isOpen) {
        // nobody listens, or nobody does any more
        const status = await offerOnce(id, recording).catch(() => 503);
        if (status === 202) return;
        if (status < 500 && status !== 409) throw new Error(`refused with ${status}`);
        await new Promise(setImmediate);
      }
    },
    async close() {
      isOpen = false;
    },
  };
}

describe("as every source", () => {
  it.each(sourceContract(bench).map(({ promise, run }) => [promise, run] as const))("%s", (_promise, run) =>
    run(),
  );
});

describe("the settings", () => {
  const parsed = (changes: object) => httpSettings.safeParse({ type: "http", tokens: [token], ...changes });

  it("of the README are right", () => {
    const readme = readFileSync(join(ROOT, "src/connector/http/README.md"), "utf8");
    const [, yaml = ""] = /```yaml\n([\s\S]*?)```/.exec(readme) ?? [];
    const { connectors } = parse(yaml) as { connectors: Record<string, { type: string }> };
    for (const settings of Object.values(connectors)) {
      const type = CONNECTORS.find(({ type }) => type === settings.type);
      expect(type?.settings.safeParse(settings)).toMatchObject({ success: true });
    }
  });

  it.each(["127.0.0.1:8090", "[::1]:8090", "localhost:8090", "./http.sock", "/run/sotto/http.sock"])(
    "listen on %s without a word",
    (listen) => expect(parsed({ listen }).success).toBe(true),
  );

  it.each(["0.0.0.0:8090", "[::]:8090", "192.0.2.7:8090", "sotto.example.org:80"])(
    "listen on %s only behind a proxy",
    (listen) => {
      expect(parsed({ listen }).error?.issues[0]?.message).toContain("behindProxy");
      expect(parsed({ listen, behindProxy: true }).success).toBe(true);
    },
  );

  it.each([
    ["a place that is none", { listen: "127.0.0.1" }],
    ["a port that is none", { listen: "127.0.0.1:80900" }],
    ["no token", { tokens: [] }],
    ["a token in clear", { tokens: [{ name: "doorbell", sha256: TOKEN }] }],
    ["two tokens of one name", { tokens: [token, { ...token, sha256: sha256("another") }] }],
    ["one token under two names", { tokens: [token, { ...token, name: "gate" }] }],
    ["a source that is no address", { tokens: [{ ...token, sources: ["example.org"] }] }],
    ["a network that is none", { trustProxy: ["10.0.0.0/33"] }],
    ["a key that is not known", { tls: true }],
  ])("refuse %s", (_what, changes) => expect(parsed(changes).success).toBe(false));
});

describe("the document", () => {
  it("is the one in docs", () => {
    const file = readFileSync(join(ROOT, "docs/openapi.json"), "utf8");
    expect(file, "run `node scripts/openapi.ts`").toBe(`${JSON.stringify(openApi(), null, 2)}\n`);
  });

  it("can be had by anybody", async () => {
    const { port } = await openDoor();
    const { status, json } = await ask(port, { method: "GET", path: "/v1/openapi.json", token: null });
    expect([status, json]).toEqual([200, JSON.parse(JSON.stringify(openApi()))]);
  });
});

describe("a recording", () => {
  it.each(["POST", "PUT"])(
    "that was sent by %s is taken with what is said of it, and has a job",
    async (method) => {
      const { port, intake } = await openDoor();
      const { status, headers, json } = await ask(port, {
        method,
        path: "/v1/rooms/%23team%3Aexample.org/voice",
        body: "RIFF",
        headers: {
          "sotto-caller": Buffer.from("Tür 音").toString("latin1"),
          "sotto-note": "second ring",
          "sotto-recorded": "2026-11-23T02:49:23+01:00",
          "sotto-raw": "s16le:8000:1",
          "idempotency-key": '"a \\"b\\""',
        },
      });
      expect(status).toBe(202);
      expect(headers.location).toBe("/v1/jobs/1");
      expect(json).toEqual({ jobs: [{ job: 1, url: "/v1/jobs/1" }] });
      expect(intake.taken).toEqual([
        {
          id: 'doorbell/%23team%3Aexample.org/a "b"',
          by: "doorbell",
          room: "#team:example.org",
          bytes: Buffer.from("RIFF"),
          about: { caller: "Tür 音", note: "second ring", recordedMs: Date.UTC(2026, 10, 23, 1, 49, 23) },
          raw: { coding: "s16le", sampleRate: 8000, channels: 1 },
        },
      ]);
    },
  );

  it("is another one each time it has no key, and for each room and token that has one", async () => {
    const gate = { name: "gate", sha256: sha256("gate") };
    const { port, intake } = await openDoor({ tokens: [token, gate] });
    const headers = { "idempotency-key": "1" };
    for (const asked of [
      {},
      {},
      { headers },
      { headers, token: "gate" },
      { headers, path: "/v1/rooms/%21a/voice" },
    ])
      expect((await ask(port, { body: "RIFF", ...asked })).status).toBe(202);
    expect(intake.taken).toHaveLength(5);
  });

  it("has the same answer under the same key, whether the key is in quotes or not", async () => {
    const { port, intake } = await openDoor();
    const first = await ask(port, { body: "RIFF", headers: { "idempotency-key": "ring-1" } });
    const again = await ask(port, { body: "RIFF", headers: { "idempotency-key": '"ring-1"' } });
    expect([again.status, again.json, again.headers.location]).toEqual([
      202,
      first.json,
      first.headers.location,
    ]);
    expect(intake.taken).toHaveLength(1);
  });

  it("is not answered before it is durable; a second request with its key meanwhile is told to wait", async () => {
    const { port, intake } = await openDoor();
    const held = Promise.withResolvers<void>();
    intake.held = held.promise;
    const asked = { body: "RIFF", headers: { "idempotency-key": "ring-2" } };
    let answered = false;
    const first = ask(port, asked).finally(() => {
      answered = true;
    });
    await intake.until(() => intake.brought.length === 1);
    const second = await ask(port, asked);
    expect([second.status, second.json.code, second.headers["retry-after"]]).toEqual([
      409,
      "KEY_IN_USE",
      "1",
    ]);
    expect(answered).toBe(false);
    held.resolve();
    expect((await first).status).toBe(202);
    expect((await ask(port, asked)).json).toEqual((await first).json);
  });
});

describe("a job", () => {
  it("is shown to the token that brought it, and to no other", async () => {
    const gate = { name: "gate", sha256: sha256("gate") };
    const { port } = await openDoor({ tokens: [token, gate] });
    const { headers } = await ask(port, { body: "RIFF" });
    const asked = { method: "GET", path: headers.location! };
    expect((await ask(port, asked)).json).toEqual({ job: 1, state: "accepted" });
    const others = await ask(port, { ...asked, token: "gate" });
    expect([others.status, others.json.code]).toEqual([404, "JOB_UNKNOWN"]);
  });

  it("says of why it was given up what was wrong with the recording, and nothing of who is in the room", async () => {
    const { port, intake } = await openDoor();
    const job = { job: 1, by: "doorbell", state: "failed" as const };
    const shown = async (error: { code: string; message: string }) => {
      intake.job = async () => ({ ...job, error });
      return (await ask(port, { method: "GET", path: "/v1/jobs/1" })).json.error;
    };
    const theirs = { code: "AUDIO_EMPTY", message: "the recording holds no sound" };
    expect(await shown(theirs)).toEqual(theirs);
    const named = {
      code: "RECIPIENTS_EXCLUDED",
      message: "in !a these would get no key: @alice:example.org",
    };
    const told = await shown(named);
    expect(told).toEqual({ code: named.code, message: expect.stringContaining("operator") });
    expect(JSON.stringify(told)).not.toMatch(/alice|!a/);
  });

  it.each(["2", "0", "-1", "1e0", "x", "99999999999999999999"])("is not there under %s", async (name) => {
    const { port } = await openDoor();
    await ask(port, { body: "RIFF" });
    const answer = await ask(port, { method: "GET", path: `/v1/jobs/${name}` });
    expect([answer.status, answer.json.code]).toEqual([404, "JOB_UNKNOWN"]);
  });

  it("is not looked up for a stranger", async () => {
    const { port } = await openDoor();
    await ask(port, { body: "RIFF", path: VOICE });
    expect((await ask(port, { method: "GET", path: "/v1/jobs/1", token: null })).status).toBe(401);
  });
});
