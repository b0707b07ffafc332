import { once } from "node:events";
import { type AddressInfo, createServer } from "node:net";
import { describe, expect, test } from "vitest";
import { agentKnowsProxies } from "../../src/matrix/http-agent.ts";
import { createTransport } from "../../src/matrix/index.ts";
import { scriptedServer } from "./scripted-server.ts";
import { hasOpenssl, selfSigned, tunnelTo } from "./tls-server.ts";

describe.skipIf(!hasOpenssl)("TLS", () => {
  test("refuses a certificate that nobody vouches for, once, and says what cures it", async () => {
    using certificate = selfSigned();
    await using server = await scriptedServer([{}], certificate);
    const transport = createTransport({ homeserver: server.url, env: {} });
    await expect(transport.request("GET", "/x")).rejects.toMatchObject({
      code: "HOMESERVER_UNREACHABLE",
      cause: { mayHaveArrived: false },
      cure: expect.stringContaining("caFile"),
    });
    transport.close();
  });

  test("accepts the authority of caFile", async () => {
    using certificate = selfSigned();
    await using server = await scriptedServer([{ json: 1 }], certificate);
    const transport = createTransport({ homeserver: server.url, caFile: certificate.caFile, env: {} });
    expect(await transport.request("GET", "/x")).toBe(1);
    transport.close();
  });

  test("goes through the proxy of the environment, except where NO_PROXY says otherwise", async () => {
    using certificate = selfSigned();
    await using server = await scriptedServer([{ json: 1 }], certificate);
    await using proxy = await tunnelTo(server.port);
    const { caFile } = certificate;
    const env = { HTTPS_PROXY: proxy.url, NO_PROXY: "other.invalid" };
    const transport = createTransport({ homeserver: "https://chat.example", caFile, env });
    expect(await transport.request("GET", "/x")).toBe(1);
    expect(proxy.targets).toEqual(["chat.example:443"]);
    transport.close();

    const direct = createTransport({ homeserver: "https://other.invalid", caFile, env, retryForMs: 0 });
    await expect(direct.request("GET", "/x")).rejects.toMatchObject({ code: "HOMESERVER_UNREACHABLE" });
    expect(proxy.targets).toHaveLength(1);
    direct.close();
  });
});

test("a host that accepts the connection but never speaks TLS got nothing", async () => {
  const server = createServer().listen(0, "127.0.0.1");
  await once(server, "listening");
  const { port } = server.address() as AddressInfo;
  const transport = createTransport({ homeserver: `https://localhost:${port}`, env: {}, retryForMs: 0 });
  await expect(transport.request("GET", "/x", { timeoutMs: 50 })).rejects.toMatchObject({
    code: "HOMESERVER_UNREACHABLE",
    cause: { code: "ETIMEDOUT", mayHaveArrived: false },
  });
  transport.close();
  server.close();
});

test("a proxy is never asked for this machine", async () => {
  await using server = await scriptedServer([{ json: 1 }]);
  const transport = createTransport({ homeserver: server.url, env: { HTTP_PROXY: "http://127.0.0.1:9" } });
  expect(await transport.request("GET", "/x")).toBe(1);
  transport.close();
});

test.each([
  ["22.18.0", false],
  ["22.21.0", true],
  ["24.4.1", false],
  ["24.5.0", true],
  ["26.0.0", true],
])("Node %s knows proxies: %s", (version, known) => {
  expect(agentKnowsProxies(version)).toBe(known);
});

test("a caFile that is no certificate is a config error", () => {
  for (const caFile of ["/no/such/file.pem", import.meta.filename]) {
    expect(() => createTransport({ homeserver: "https://chat.example", caFile, env: {} })).toThrow(
      expect.objectContaining({ code: "CONFIG_INVALID" }),
    );
  }
});
