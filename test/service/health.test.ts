import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { Agent, type IncomingMessage, request } from "node:http";
import { type AddressInfo, createServer } from "node:net";
import { join } from "node:path";
import { text } from "node:stream/consumers";
import { describe, expect, it, onTestFinished } from "vitest";
import type { ListenAddress } from "../../src/model/listen.ts";
import { type HealthServer, serveHealth } from "../../src/service/health.ts";
import type { Readiness } from "../../src/service/readiness.ts";
import { killedListener } from "../support/killed-listener.ts";
import { temporaryDirectory } from "../support/temporary.ts";

const WELL: Readiness = { ready: true, reasons: [], layers: { sandbox: true, limits: true } };
const ILL: Readiness = { ...WELL, ready: false, reasons: [{ code: "STARTING", message: "not yet" }] };
const LOOPBACK = { host: "127.0.0.1", port: 0 };

async function serve(listen: ListenAddress = LOOPBACK, readiness = WELL): Promise<HealthServer> {
  const server = await serveHealth(listen, {
    ready: async () => readiness,
    metrics: async () => ({ contentType: "text/plain; version=0.0.4", text: "sotto_ready 1\n" }),
  });
  onTestFinished(() => server[Symbol.asyncDispose]());
  return server;
}

async function ask(
  { address }: HealthServer,
  path: string,
  method = "GET",
  headers = {},
  agent: Agent | false = false,
) {
  const where = address.includes("/") ? { socketPath: address } : { port: Number(address.split(":").at(-1)) };
  const asked = request({ ...where, path, method, headers, agent });
  asked.end();
  const answer = await new Promise<IncomingMessage>((resolve, reject) => {
    asked.once("response", resolve).once("error", reject);
  });
  return { status: answer.statusCode, headers: answer.headers, body: await text(answer) };
}

describe("the health server", () => {
  it("says that it lives, whatever is missing", async () => {
    expect(await ask(await serve(LOOPBACK, ILL), "/live")).toMatchObject({ status: 200 });
  });

  it.each(["/ready", "/healthz", "/ready?verbose=1"])(
    "says at %s whether it is ready, and why not",
    async (path) => {
      const well = await ask(await serve(), path);
      expect([well.status, JSON.parse(well.body)]).toEqual([200, WELL]);
      const ill = await ask(await serve(LOOPBACK, ILL), path);
      expect([ill.status, JSON.parse(ill.body)]).toEqual([503, ILL]);
      expect(ill.headers["content-type"]).toBe("application/json");
    },
  );

  it("gives the numbers", async () => {
    const { status, headers, body } = await ask(await serve(), "/metrics");
    expect([status, headers["content-type"], body]).toEqual([
      200,
      "text/plain; version=0.0.4",
      "sotto_ready 1\n",
    ]);
  });

  it("answers HEAD without a body", async () => {
    const { status, headers, body } = await ask(await serve(), "/metrics", "HEAD");
    expect([status, headers["content-length"], body]).toEqual([200, "14", ""]);
  });

  it("has nothing else, and changes nothing", async () => {
    const server = await serve();
    for (const path of ["/", "/live/", "/metrics/x", "/../etc/passwd"])
      expect(await ask(server, path)).toMatchObject({ status: 404 });
    for (const method of ["POST", "PUT", "DELETE", "OPTIONS"])
      expect(await ask(server, "/ready", method)).toMatchObject({
        status: 405,
        headers: { allow: "GET, HEAD" },
      });
  });

  it("reads no long headers", async () => {
    expect(await ask(await serve(), "/live", "GET", { "x-long": "x".repeat(8_000) })).toMatchObject({
      status: 431,
    });
  });

  it("says that it cannot tell, where it cannot", async () => {
    const broken = () => Promise.reject(new Error("@alice:example.org"));
    const server = await serveHealth(LOOPBACK, { ready: broken, metrics: broken });
    onTestFinished(() => server[Symbol.asyncDispose]());
    const answer = await ask(server, "/ready");
    expect(answer.status).toBe(500);
    expect(answer.body).not.toContain("alice");
  });

  it("ends, also where somebody holds a connection open", async () => {
    const server = await serve();
    await ask(server, "/live", "GET", {}, new Agent({ keepAlive: true }));
    await server[Symbol.asyncDispose]();
    await expect(ask(server, "/live")).rejects.toMatchObject({ code: "ECONNREFUSED" });
  });
});

describe("where it listens", () => {
  it("is refused when another does already", async () => {
    const other = createServer().listen(0, "127.0.0.1");
    onTestFinished(() => void other.close());
    await new Promise((resolve) => other.once("listening", resolve));
    const { port } = other.address() as AddressInfo;
    await expect(serve({ host: "127.0.0.1", port })).rejects.toMatchObject({
      code: "LISTEN_FAILED",
      message: expect.stringContaining(`127.0.0.1:${port}`),
    });
  });

  it("may be a UNIX socket, also where a process that was killed has left one", async () => {
    const path = join(temporaryDirectory(), "health.sock");
    await killedListener(path);
    expect(existsSync(path)).toBe(true);
    const server = await serve({ path });
    expect(await ask(server, "/live")).toMatchObject({ status: 200 });
    await expect(serve({ path })).rejects.toMatchObject({ code: "LISTEN_FAILED" });
    expect(await ask(server, "/live")).toMatchObject({ status: 200 });
  });

  it("is never a file of somebody else", async () => {
    const path = join(temporaryDirectory(), "notes.txt");
    writeFileSync(path, "mine");
    await expect(serve({ path })).rejects.toMatchObject({ code: "LISTEN_FAILED" });
    expect(readFileSync(path, "utf8")).toBe("mine");
  });
});
