import { expect, it } from "vitest";
import type { MegolmContent } from "../../src/model/event.ts";
import { atLiveEnd } from "../../src/service/live-end.ts";
import { ROOM } from "../support/store.ts";

it("asks who is there again after a share, which takes time, and before each event", async () => {
  const steps: string[] = [];
  const mustShare = [true, false];
  const encryptor = atLiveEnd(
    { toLiveEnd: async () => void steps.push("ask") },
    {
      async prepare() {
        const shares = mustShare.shift()!;
        if (shares) steps.push("share");
        return shares;
      },
      async encrypt() {
        steps.push("encrypt");
        return {} as MegolmContent;
      },
    },
  );
  await encryptor.encrypt(ROOM, "m.room.message", {});
  await encryptor.encrypt(ROOM, "m.room.message", {});
  expect(steps).toEqual(["ask", "share", "ask", "encrypt", "ask", "encrypt"]);
});

it("lets a share that was begun early come to its end before it asks", async () => {
  const steps: string[] = [];
  const shared = Promise.withResolvers<boolean>();
  const encryptor = atLiveEnd(
    { toLiveEnd: async () => void steps.push("ask") },
    {
      prepare: () => shared.promise,
      async encrypt() {
        steps.push("encrypt");
        return {} as MegolmContent;
      },
    },
  );
  const preparing = encryptor.prepare(ROOM).then(() => steps.push("shared"));
  const encrypting = encryptor.encrypt(ROOM, "m.room.message", {});
  shared.resolve(false);
  await Promise.all([preparing, encrypting]);
  expect(steps).toEqual(["shared", "ask", "encrypt"]);
});
