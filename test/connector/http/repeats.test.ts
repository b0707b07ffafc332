import { once } from "node:events";
import { describe, expect, it } from "vitest";
import { ask, dial, head, openDoor, sha256, TOKEN, VOICE } from "../../support/http-connector.ts";

const doorbell = { name: "doorbell", sha256: sha256(TOKEN) };
const gate = { name: "gate", sha256: sha256("gate") };
const keyed = { "idempotency-key": "ring" };

describe("a key that was used", () => {
  const form = (text: string, boundary: string) => ({
    headers: { ...keyed, "content-type": `multipart/form-data; boundary=${boundary}` },
    body: `--${boundary}\r\nContent-Disposition: form-data; name="audio"; filename="a"\r\n\r\n${text}\r\n--${boundary}--\r\n`,
  });

  it.each([
    ["as a body", { headers: keyed, body: "RIFF, and more" }],
    ["in chunks", { headers: { ...keyed, "transfer-encoding": "chunked" }, body: "RIFX" }],
    ["in a form", form("RIFX", "bound")],
  ])("with another recording, %s, is refused, and the first one stays", async (_how, other) => {
    const { port, intake } = await openDoor();
    const first = await ask(port, { headers: keyed, body: "RIFF" });
    const { status, json } = await ask(port, other);
    expect([status, json.code]).toEqual([422, "KEY_REUSED"]);
    expect(intake.taken.map(({ bytes }) => String(bytes))).toEqual(["RIFF"]);
    expect((await ask(port, { headers: keyed, body: "RIFF" })).json).toEqual(first.json);
  });

  it("with the same recording has the same answer, however it comes", async () => {
    const { port } = await openDoor();
    const first = await ask(port, { headers: keyed, body: "RIFF" });
    const chunked = { headers: { ...keyed, "transfer-encoding": "chunked" }, body: "RIFF" };
    for (const again of [chunked, form("RIFF", "one"), form("RIFF", "other")]) {
      const { status, json } = await ask(port, again);
      expect([status, json]).toEqual([202, first.json]);
    }
  });

  it("has that answer too where the repeat stalls: it was taken", async () => {
    const { port } = await openDoor({ stallTimeout: 50 });
    await ask(port, { headers: keyed, body: "RIFF" });
    const { socket } = await dial(port);
    socket.write(`${head(["Content-Length: 4", "Idempotency-Key: ring"])}RI`);
    const [answer] = await once(socket, "data");
    expect(answer.toString()).toMatch(/^HTTP\/1\.1 202 /);
  });
});

describe("recordings of one token that come slowly", () => {
  const stalling = `${head(["Content-Length: 100"])}RIFF`;

  it.each([2, 3, 8])("leave a place for another's, of %i", async (maxRequests) => {
    const { port, intake } = await openDoor({ maxRequests, tokens: [doorbell, gate] });
    const refusals: string[] = [];
    // one more than may come at all
    for (let count = 0; count <= maxRequests; count += 1) {
      const { socket } = await dial(port);
      socket.on("data", (bytes) => void refusals.push(String(bytes)));
      socket.write(stalling);
    }
    const most = Math.ceil(maxRequests / 2);
    await expect.poll(() => refusals.length).toBe(maxRequests + 1 - most);
    for (const refusal of refusals) {
      expect(refusal).toMatch(/^HTTP\/1\.1 429 [\s\S]*retry-after: 2[\s\S]*TOO_MANY_REQUESTS/);
    }
    expect((await ask(port, { token: "gate", body: "RIFF", path: VOICE })).status).toBe(202);
    expect(intake.taken).toHaveLength(1);
  });

  it("may take every place where there is no other token", async () => {
    const { port, intake } = await openDoor({ maxRequests: 2 });
    const held = Promise.withResolvers<void>();
    intake.held = held.promise;
    const both = [ask(port, { body: "RIFF" }), ask(port, { body: "RIFF" })];
    await intake.until(() => intake.brought.length === 2);
    held.resolve();
    for (const { status } of await Promise.all(both)) expect(status).toBe(202);
  });
});
