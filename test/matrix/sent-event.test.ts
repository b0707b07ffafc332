import { expect, onTestFinished, test } from "vitest";
import { createTransport, findSentEvent } from "../../src/matrix/index.ts";
import { fakeTiming, scriptedServer } from "./scripted-server.ts";

const OWN = "@voice:example.org";
const HOUR = 3_600_000;
const PUT_MS = 1_000 * HOUR;

let events = 0;
const event = (ciphertext: string | undefined, hours: number, more: Record<string, unknown> = {}) => {
  events += 1;
  const content = ciphertext === undefined ? {} : { algorithm: "m.megolm.v1.aes-sha2", ciphertext };
  const origin_server_ts = PUT_MS + hours * HOUR;
  return {
    type: "m.room.encrypted",
    event_id: `$${events}`,
    sender: OWN,
    origin_server_ts,
    content,
    ...more,
  };
};

/** Looks for the ciphertext `ours`, put at hour 0; pages from the newest back. */
async function look(...pages: unknown[][]) {
  const server = await scriptedServer(({ query }) => {
    const page = Number(query.get("from") ?? 0);
    const end = page + 1 < pages.length ? String(page + 1) : undefined;
    return { json: { chunk: pages[page], ...(end && { end }) } };
  });
  const transport = createTransport({ homeserver: server.url, env: {}, timing: fakeTiming() });
  onTestFinished(async () => {
    transport.close();
    await server[Symbol.asyncDispose]();
  });
  const sought = { sender: OWN, ciphertext: "ours", txnId: "txn", sinceMs: PUT_MS };
  return findSentEvent(transport, "!room", sought);
}

test("an event is found by its ciphertext, pages back, and nobody else's counts", async () => {
  const ours = event("ours", 0);
  const forged = event("ours", 1, { sender: "@mallory:example.org" });
  expect(await look([event("later", 9), forged], [event("later", 8), ours])).toBe(ours.event_id);
  expect(await look([event("later", 9), forged], [event("earlier", -1)])).toBeUndefined();
});

test("a clock that is hours apart from the homeserver's hides nothing", async () => {
  const ours = event("ours", -4);
  expect(await look([event("later", -3)], [ours])).toBe(ours.event_id);
});

test("what lies further back than a PUT can have been is not asked for", async () => {
  expect(await look([event("earlier", -24)], [event("ours", 0)])).toBeUndefined();
});

test("an event that was removed in the room was sent", async () => {
  const removed = event(undefined, 0, { unsigned: { transaction_id: "txn" } });
  expect(await look([removed])).toBe(removed.event_id);
});

test("whether one that was removed was ours is not known without its transaction ID", async () => {
  await expect(look([event(undefined, 0)])).rejects.toMatchObject({ code: "SEND_UNCERTAIN" });
  const others = event(undefined, 0, { unsigned: { transaction_id: "another" } });
  expect(await look([others])).toBeUndefined();
});
