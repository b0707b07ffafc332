import { describe, expect, test } from "vitest";
import { createTransport, type MatrixError } from "../../src/matrix/index.ts";
import type { ConnectionFailure } from "../../src/matrix/request-failure.ts";
import { failed, fault, limited, transportTo } from "../support/transport.ts";
import { fakeTiming, freePort, type ScriptedServer, scriptedServer } from "./scripted-server.ts";

describe("a request", () => {
  test("carries the token, the query and JSON, and gives the parsed answer", async () => {
    await using server = await scriptedServer([{ json: { ok: 1 } }]);
    const transport = transportTo(server);
    const answer = await transport.request("POST", "/_matrix/x", {
      query: { a: "1 2", b: ["x", "y"], c: undefined, d: false },
      body: { json: { hello: "wörld" } },
    });
    expect(answer).toEqual({ ok: 1 });
    const [seen] = server.requests;
    expect(seen?.headers.authorization).toBe("Bearer secret-token");
    expect(seen?.headers["content-type"]).toBe("application/json");
    expect(seen?.query.toString()).toBe("a=1+2&b=x&b=y&d=false");
    expect(seen?.body.toString()).toBe('{"hello":"wörld"}');
    transport.close();
  });

  test("sends JSON text byte for byte", async () => {
    await using server = await scriptedServer([{}]);
    const transport = transportTo(server);
    await transport.request("PUT", "/x", { body: { jsonText: '{ "b":1,\n"a":2.0 }' } });
    expect(server.requests[0]?.body.toString()).toBe('{ "b":1,\n"a":2.0 }');
    transport.close();
  });

  test("keeps its connection for the next one", async () => {
    const ports = new Set<number | undefined>();
    await using server = await scriptedServer(() => (response) => {
      ports.add(response.socket?.remotePort);
      response.end("{}");
    });
    const transport = transportTo(server);
    for (let i = 0; i < 3; i += 1) await transport.request("GET", "/x");
    expect(ports.size).toBe(1);
    transport.close();
  });

  test("keeps a path in front of the API", async () => {
    await using server = await scriptedServer([{}]);
    const transport = createTransport({ homeserver: `${server.url}/matrix/`, env: {} });
    await transport.request("GET", "/_matrix/client/versions");
    expect(server.requests[0]?.path).toBe("/matrix/_matrix/client/versions");
    expect(server.requests[0]?.headers.authorization).toBeUndefined();
    transport.close();
  });

  test("ends with the reason of an aborted signal", async () => {
    const stop = new AbortController();
    await using server = await scriptedServer(() => () => stop.abort(new Error("stopped")));
    const transport = transportTo(server);
    await expect(transport.request("GET", "/x", { signal: stop.signal })).rejects.toThrow("stopped");
    transport.close();
  });
});

describe("repeats", () => {
  test("a GET on 502, 503 and 504, with a growing wait", async () => {
    await using server = await scriptedServer([failed(502), failed(503), failed(504), { json: "done" }]);
    const timing = fakeTiming();
    const transport = transportTo(server, { timing });
    expect(await transport.request("GET", "/x")).toBe("done");
    expect(timing.slept).toEqual([250, 500, 1000]);
    transport.close();
  });

  test("waits as long as Retry-After says, before its own count and retry_after_ms", async () => {
    await using server = await scriptedServer([
      { ...limited(9_000), headers: { "retry-after": "2" } },
      limited(700),
      { json: "done" },
    ]);
    const timing = fakeTiming();
    const transport = transportTo(server, { timing });
    expect(await transport.request("POST", "/x", { body: { json: {} } })).toBe("done");
    expect(timing.slept).toEqual([2_000, 700]);
    transport.close();
  });

  test("gives RATE_LIMITED with the wait where the homeserver asks for more than is allowed", async () => {
    await using server = await scriptedServer([limited(60_000)]);
    const timing = fakeTiming();
    const transport = transportTo(server, { timing });
    const error = await fault(transport.request("GET", "/x"));
    expect(error).toMatchObject({ code: "RATE_LIMITED", retryAfterMs: 60_000 });
    expect(timing.slept).toEqual([]);
    transport.close();
  });

  test("stops when the time allowed is over", async () => {
    await using server = await scriptedServer(() => failed(503));
    const timing = fakeTiming();
    const transport = transportTo(server, { timing, retryForMs: 2_000 });
    const error = await fault(transport.request("GET", "/x"));
    expect(error).toMatchObject({ code: "HOMESERVER_ERROR", exitCode: 3 });
    expect(timing.slept).toEqual([250, 500, 1000]);
    transport.close();
  });

  test("no POST that may have arrived, unless it is idempotent", async () => {
    await using server = await scriptedServer([failed(502), failed(502), { json: "done" }]);
    const transport = transportTo(server, { timing: fakeTiming() });
    const error = await fault(transport.request("POST", "/x", { body: { json: {} } }));
    expect((error.cause as MatrixError).mayHaveArrived).toBe(true);
    expect(await transport.request("POST", "/x", { body: { json: {} }, idempotent: true })).toBe("done");
    transport.close();
  });

  test("a POST that was refused a connection, its stream still unread", async () => {
    const port = await freePort();
    let server: ScriptedServer | undefined;
    const transport = createTransport({
      homeserver: `http://127.0.0.1:${port}`,
      env: {},
      timing: {
        ...fakeTiming(),
        async sleep() {
          server ??= await scriptedServer([{}], undefined, port);
        },
      },
    });
    const body = {
      open: () => [Buffer.from("voi"), Buffer.from("ce")],
      contentType: "a/b",
      contentLength: 5,
    };
    expect(await transport.request("POST", "/x", { body })).toEqual({});
    expect(server?.requests.map((seen) => seen.body.toString())).toEqual(["voice"]);
    await server?.[Symbol.asyncDispose]();
    transport.close();
  });

  test("no 4xx, no 500 and no redirect", async () => {
    await using server = await scriptedServer([
      failed(403, "M_FORBIDDEN"),
      failed(500),
      { status: 302, headers: { location: "https://elsewhere.example/x?secret" } },
    ]);
    const transport = transportTo(server, { timing: fakeTiming() });
    const forbidden = await fault(transport.request("GET", "/x"));
    expect(forbidden).toMatchObject({
      code: "HOMESERVER_ERROR",
      cause: { statusCode: 403, errcode: "M_FORBIDDEN" },
    });
    expect((forbidden.cause as MatrixError).mayHaveArrived).toBe(false);
    expect(await fault(transport.request("GET", "/x"))).toMatchObject({ code: "HOMESERVER_ERROR" });
    const redirected = await fault(transport.request("GET", "/x"));
    expect(redirected.toJSON().cause).toBe("HTTP 302: it redirects to https://elsewhere.example");
    expect(server.requests).toHaveLength(3);
    transport.close();
  });
});

describe("a homeserver that cannot be reached", () => {
  test("is HOMESERVER_UNREACHABLE with the reason and exit code 4, soon", async () => {
    const timing = fakeTiming();
    const transport = createTransport({
      homeserver: `http://127.0.0.1:${await freePort()}`,
      env: {},
      timing,
    });
    const error = await fault(transport.request("GET", "/x"));
    expect(error).toMatchObject({ code: "HOMESERVER_UNREACHABLE", exitCode: 4 });
    expect(error.toJSON().cause).toBe("connection refused");
    expect((error.cause as ConnectionFailure).mayHaveArrived).toBe(false);
    expect(timing.slept.reduce((sum, ms) => sum + ms, 0)).toBeLessThan(3_000);
    transport.close();
  });

  test("a name that does not exist", async () => {
    const transport = createTransport({ homeserver: "https://no-such-host.invalid", env: {}, retryForMs: 0 });
    const error = await fault(transport.request("GET", "/x"));
    expect(error.code).toBe("HOMESERVER_UNREACHABLE");
    expect((error.cause as ConnectionFailure).code).toMatch(/ENOTFOUND|EAI_AGAIN/);
    transport.close();
  });

  test("a connection that stays silent", async () => {
    await using server = await scriptedServer(() => () => {});
    const transport = transportTo(server, { retryForMs: 0 });
    const error = await fault(transport.request("GET", "/x", { timeoutMs: 50 }));
    expect(error).toMatchObject({
      code: "HOMESERVER_UNREACHABLE",
      cause: { code: "ETIMEDOUT", mayHaveArrived: true },
    });
    transport.close();
  });

  test("a proxy that answers for it", async () => {
    await using server = await scriptedServer([
      (response) => response.writeHead(502).end("<html>bad gateway"),
    ]);
    const transport = transportTo(server, { retryForMs: 0 });
    expect(await fault(transport.request("GET", "/x"))).toMatchObject({ code: "HOMESERVER_UNREACHABLE" });
    transport.close();
  });
});
