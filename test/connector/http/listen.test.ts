import { execFileSync } from "node:child_process";
import { once } from "node:events";
import { existsSync, statSync, writeFileSync } from "node:fs";
import { createServer } from "node:http";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { MemoryIntake } from "../../../src/connector/contract/index.ts";
import { HttpConnector } from "../../../src/connector/http/connector.ts";
import { silentLogger } from "../../../src/log.ts";
import { busyListener } from "../../support/busy-listener.ts";
import {
  ask,
  contextOf,
  dial,
  head,
  openDoor,
  settingsOf,
  sha256,
  TOKEN,
} from "../../support/http-connector.ts";
import { temporaryDirectory } from "../../support/temporary.ts";

const connectorAt = (listen: string) => new HttpConnector(settingsOf({ listen }), contextOf(silentLogger));

describe("a socket", () => {
  it("is for its owner and group, and gone afterwards", async () => {
    const listen = join(temporaryDirectory(), "http.sock");
    const { connector, intake } = await openDoor({ listen });
    expect(statSync(listen).mode & 0o777).toBe(0o660);
    expect((await ask(0, { socketPath: listen, body: "RIFF" })).status).toBe(202);
    expect(intake.taken).toHaveLength(1);
    await connector.stop();
    expect(existsSync(listen)).toBe(false);
  });

  it("of a process that was killed is in nobody's way; one that is answered on is", async () => {
    const listen = join(temporaryDirectory(), "http.sock");
    const dying = `require("node:net").createServer().listen(${JSON.stringify(listen)}, () => process.kill(process.pid, "SIGKILL"))`;
    expect(() => execFileSync(process.execPath, ["-e", dying])).toThrow();
    expect(existsSync(listen)).toBe(true);
    await openDoor({ listen });
    await expect(connectorAt(listen).start(new MemoryIntake())).rejects.toMatchObject({
      code: "CONNECTOR_FAILED",
      cure: expect.stringContaining("another"),
    });
    expect((await ask(0, { socketPath: listen, body: "RIFF" })).status).toBe(202);
  });

  it("of a process that is too busy to answer stays its own", async () => {
    const listen = join(temporaryDirectory(), "http.sock");
    await busyListener(listen);
    const { ino } = statSync(listen);
    await expect(connectorAt(listen).start(new MemoryIntake())).rejects.toMatchObject({
      code: "CONNECTOR_FAILED",
    });
    expect(statSync(listen).ino).toBe(ino);
  });

  it("takes no other file's place", async () => {
    const listen = join(temporaryDirectory(), "precious");
    writeFileSync(listen, "mine");
    await expect(connectorAt(listen).start(new MemoryIntake())).rejects.toMatchObject({
      code: "CONNECTOR_FAILED",
    });
    expect(statSync(listen).size).toBe(4);
  });

  it.each([
    [["unix"], [], 202],
    [["127.0.0.1"], [], 403],
    [["192.0.2.7"], ["unix"], 202],
  ])("counts as the source %j with the proxies %j: %i", async (sources, trustProxy, status) => {
    const listen = join(temporaryDirectory(), "http.sock");
    await openDoor({ listen, trustProxy, tokens: [{ name: "doorbell", sha256: sha256(TOKEN), sources }] });
    const headers = trustProxy.length > 0 ? { "x-forwarded-for": "192.0.2.7" } : {};
    expect((await ask(0, { socketPath: listen, body: "RIFF", headers })).status).toBe(status);
  });
});

it("a port that is taken is an error with a cure, and start can be tried again", async () => {
  const other = createServer();
  await new Promise<void>((resolve) => other.listen(0, "127.0.0.1", resolve));
  const { port } = other.address() as { port: number };
  const connector = connectorAt(`127.0.0.1:${port}`);
  await expect(connector.start(new MemoryIntake())).rejects.toMatchObject({
    code: "CONNECTOR_FAILED",
    message: `cannot listen on 127.0.0.1:${port}`,
    cure: expect.stringContaining("listens there"),
  });
  await new Promise((resolve) => other.close(resolve));
  await connector.start(new MemoryIntake());
  await connector.stop();
});

it("says whether it listens", async () => {
  const { connector, port } = await openDoor();
  expect(await connector.check()).toEqual([{ ok: true, message: `listens on 127.0.0.1:${port}` }]);
  await connector.stop();
  expect(await connector.check()).toMatchObject([{ ok: false, cure: expect.any(String) }]);
});

describe("when it stops", () => {
  /** Sends the beginning of a recording, once it was asked for. */
  async function sending(port: number, length = 8) {
    const dialled = await dial(port);
    dialled.socket.write(head([`Content-Length: ${length}`, "Expect: 100-continue"]));
    await once(dialled.socket, "data");
    dialled.socket.write("RIFF");
    return dialled;
  }

  it("who still sends may end", async () => {
    const { connector, port, intake } = await openDoor();
    const idle = await dial(port);
    const { socket, all } = await sending(port);
    const stopped = connector.stop();
    socket.write("RIFF");
    expect(await all).toContain("HTTP/1.1 202 Accepted");
    await stopped;
    expect(await idle.all).toBe("");
    expect(intake.taken).toHaveLength(1);
  });

  it("who does not end in time is told to come again", async () => {
    const { connector, port, intake } = await openDoor({ stallTimeout: 1_000, minBytesPerSecond: 1 });
    const { socket } = await sending(port, 1_000);
    // fast enough for ever, were it not for the end
    const drops = setInterval(() => socket.write("x"), 50);
    const refused = once(socket, "data");
    const stopped = connector.stop();
    expect(`${await refused}`).toMatch(/HTTP\/1\.1 503[\s\S]*retry-after: \d/);
    clearInterval(drops);
    socket.destroy();
    await stopped;
    expect(intake.brought).toEqual([]);
  });

  it("a request that comes meanwhile on a connection that is open is refused", async () => {
    const { connector, port, intake } = await openDoor();
    const held = Promise.withResolvers<void>();
    intake.held = held.promise;
    const first = ask(port, { body: "RIFF" });
    await intake.until(() => intake.brought.length === 1);
    const { socket, all } = await dial(port);
    socket.write(`GET /v1/jobs/1 HTTP/1.1\r\nHost: x\r\n`);
    // what was written before has arrived too
    await ask(port, { method: "GET", path: "/v1/openapi.json" });
    const stopped = connector.stop();
    socket.write("\r\n");
    expect(await all).toMatch(/^HTTP\/1\.1 503 [\s\S]*BUSY/);
    held.resolve();
    expect((await first).status).toBe(202);
    await stopped;
  });
});
