import { expect, it } from "vitest";
import { encryptedHistory } from "../../src/matrix/index.ts";
import type { Transport } from "../../src/matrix/transport.ts";
import { event, ROOM } from "../support/store.ts";

it("takes a page of any length, and leaves out what is no event", async () => {
  const chunk = Array.from({ length: 200_000 }, () => event("m.room.encrypted", {}));
  const transport = { request: async () => ({ chunk: [...chunk, null] }) } as unknown as Transport;
  const { events, complete } = await encryptedHistory(transport, ROOM, { from: "a", to: "b", maxPages: 1 });
  expect([events.length, complete]).toEqual([chunk.length, true]);
});
