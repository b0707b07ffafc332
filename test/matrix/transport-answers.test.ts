import { Readable } from "node:stream";
import { text } from "node:stream/consumers";
import { describe, expect, test } from "vitest";
import { createLogger } from "../../src/log.ts";
import { failed, fault, transportTo } from "../support/transport.ts";
import { fakeTiming, scriptedServer } from "./scripted-server.ts";

describe("an answer", () => {
  test("that is cut short is no answer", async () => {
    await using server = await scriptedServer([
      (response) => {
        response.writeHead(200, { "content-length": "100" });
        response.write('{"next_batch":"s1"}', () => response.destroy());
      },
    ]);
    const transport = transportTo(server, { retryForMs: 0 });
    const error = await fault(transport.request("GET", "/x"));
    expect(error).toMatchObject({ code: "HOMESERVER_UNREACHABLE", cause: { code: "ERR_ANSWER_CUT" } });
    transport.close();
  });

  test("that falls silent half-way is no answer", async () => {
    await using server = await scriptedServer([(response) => void response.writeHead(200).write('{"a":')]);
    const transport = transportTo(server, { retryForMs: 0 });
    expect(await fault(transport.request("GET", "/x", { timeoutMs: 50 }))).toMatchObject({
      code: "HOMESERVER_UNREACHABLE",
      cause: { code: "ETIMEDOUT" },
    });
    transport.close();
  });

  test("that is not JSON is not from a homeserver", async () => {
    await using server = await scriptedServer([(response) => response.end("<html>hello")]);
    const transport = transportTo(server);
    const error = await fault(transport.request("GET", "/x"));
    expect(error.message).toContain("did not answer as a Matrix homeserver does");
    transport.close();
  });

  test("that is too large is refused while it is read", async () => {
    await using server = await scriptedServer([{ json: "x".repeat(2_000) }]);
    const transport = transportTo(server, { maxJsonBytes: 1_000 });
    expect(await fault(transport.request("GET", "/x"))).toMatchObject({ code: "HOMESERVER_ERROR" });
    transport.close();
  });

  test("with an error shows the server's words as one printable line", async () => {
    await using server = await scriptedServer([
      { status: 400, json: { errcode: "M_UNKNOWN", error: "\u001b[31mred\nline" } },
    ]);
    const transport = transportTo(server);
    const error = await fault(transport.request("GET", "/x"));
    expect(error.toJSON().cause).toBe("M_UNKNOWN: [31mred line");
    transport.close();
  });
});

describe("a rejected token", () => {
  const unknownToken = (softLogout?: boolean) => ({
    status: 401,
    json: { errcode: "M_UNKNOWN_TOKEN", error: "gone", soft_logout: softLogout },
  });

  test("is TOKEN_REJECTED", async () => {
    await using server = await scriptedServer([unknownToken()]);
    const transport = transportTo(server, { onSoftLogout: () => expect.fail("it was not a soft logout") });
    expect(await fault(transport.request("GET", "/x"))).toMatchObject({
      code: "TOKEN_REJECTED",
      exitCode: 3,
    });
    transport.close();
  });

  test("that only expired is renewed once for all, and the requests are repeated with the new one", async () => {
    await using server = await scriptedServer((seen) =>
      seen.headers.authorization === "Bearer new-token" ? { json: "done" } : unknownToken(true),
    );
    let renewals = 0;
    const transport = transportTo(server, {
      async onSoftLogout() {
        renewals += 1;
        return "new-token";
      },
    });
    const answers = [1, 2, 3].map(() => transport.request("POST", "/x", { body: { json: {} } }));
    expect(await Promise.all(answers)).toEqual(["done", "done", "done"]);
    expect(renewals).toBe(1);
    transport.close();
  });

  test("whose renewal does not help ends at once", async () => {
    await using server = await scriptedServer(() => unknownToken(true));
    const transport = transportTo(server, { onSoftLogout: async () => "also-expired" });
    expect(await fault(transport.request("GET", "/x"))).toMatchObject({ code: "TOKEN_REJECTED" });
    expect(server.requests).toHaveLength(2);
    transport.close();
  });
});

test("a request that is cut short while it waits to be repeated tells that it may have arrived", async () => {
  await using server = await scriptedServer([failed(504)]);
  const transport = transportTo(server, {
    timing: {
      ...fakeTiming(),
      async sleep() {
        transport.close();
      },
    },
  });
  const error = await fault(transport.request("PUT", "/x", { body: { json: {} } }));
  expect(error.code).not.toBe("STOPPED");
  expect(error.cause).toMatchObject({ mayHaveArrived: true });
});

describe("a streamed body", () => {
  test("of another length than announced is never sent as such", async () => {
    await using server = await scriptedServer(() => ({}));
    const transport = transportTo(server);
    for (const contentLength of [3, 9]) {
      const body = { open: () => [Buffer.from("voice")], contentType: "a/b", contentLength };
      await expect(transport.request("POST", "/x", { body })).rejects.toMatchObject({ code: "INTERNAL" });
    }
    expect(server.requests).toEqual([]);
    transport.close();
  });

  test("that fails gives its own error", async () => {
    await using server = await scriptedServer(() => ({}));
    const transport = transportTo(server);
    const stream = new Readable({
      read() {
        this.destroy(new Error("the spool is gone"));
      },
    });
    const body = { open: () => stream, contentType: "a/b", contentLength: 5 };
    await expect(transport.request("POST", "/x", { body })).rejects.toThrow("the spool is gone");
    transport.close();
  });
});

describe("a streamed answer", () => {
  test("follows a redirect, with the token to the homeserver only", async () => {
    await using cdn = await scriptedServer([(response) => response.end("bytes")]);
    await using server = await scriptedServer([
      { status: 307, headers: { location: "/again" } },
      { status: 307, headers: { location: `${cdn.url}/x?signed=1` } },
    ]);
    const transport = transportTo(server);
    const { body } = await transport.stream("/x");
    expect(await text(body)).toBe("bytes");
    expect(server.requests.map((seen) => seen.headers.authorization)).toEqual(
      Array(2).fill("Bearer secret-token"),
    );
    expect(cdn.requests[0]?.headers.authorization).toBeUndefined();
    transport.close();
  });

  test("does not follow for ever", async () => {
    await using server = await scriptedServer(() => ({ status: 302, headers: { location: "/x" } }));
    const transport = transportTo(server);
    expect(await fault(transport.stream("/x"))).toMatchObject({ code: "HOMESERVER_ERROR" });
    expect(server.requests).toHaveLength(4);
    transport.close();
  });

  test("fails instead of ending where the connection is lost or silent", async () => {
    await using server = await scriptedServer([
      (response) => {
        response.writeHead(200, { "content-length": "100" });
        response.write("half", () => response.destroy());
      },
      (response) => void response.writeHead(200, { "content-length": "100" }).write("half"),
    ]);
    const transport = transportTo(server);
    await expect(text((await transport.stream("/x")).body)).rejects.toThrow();
    await expect(text((await transport.stream("/x", { timeoutMs: 50 })).body)).rejects.toThrow(/no answer/);
    transport.close();
  });
});

test("nothing secret is in an error or a log line", async () => {
  const lines: string[] = [];
  const logger = createLogger({ level: "debug", json: true, write: (line) => lines.push(line) });
  await using server = await scriptedServer([failed(503), failed(400)]);
  const transport = transportTo(server, { logger, timing: fakeTiming() });
  const error = await fault(
    transport.request("PUT", "/x", { query: { q: "secret-query" }, body: { json: "secret-body" } }),
  );
  const told = JSON.stringify([lines, error, error.message, error.stack, String(error.cause)]);
  expect(lines.length).toBeGreaterThan(1);
  expect(told).not.toMatch(/secret-/);
  transport.close();
});

test("each attempt is told of, by what it called and whether it failed; one that is called off is not", async () => {
  const told: [endpoint: string, failure?: string | undefined][] = [];
  const leaving = new AbortController();
  await using server = await scriptedServer([
    failed(503),
    { json: {} },
    failed(404, "M_NOT_FOUND"),
    () => leaving.abort(new Error("never mind")),
  ]);
  const transport = transportTo(server, {
    timing: fakeTiming(),
    onAttempt: (endpoint, failure) => told.push([endpoint, failure?.message]),
  });
  await transport.request("GET", "/_matrix/client/v3/rooms/!a/members");
  await fault(transport.request("GET", "/_matrix/client/v3/profile/@a:b"));
  await expect(
    transport.request("GET", "/_matrix/client/v3/sync", { signal: leaving.signal }),
  ).rejects.toThrow("never mind");
  expect(told).toEqual([
    ["rooms/members", "M_UNKNOWN: sorry"],
    ["rooms/members", undefined],
    ["profile", "M_NOT_FOUND: sorry"],
  ]);
  transport.close();
});
