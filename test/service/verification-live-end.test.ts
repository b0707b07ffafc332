import { expect, it } from "vitest";
import type { Config } from "../../src/config/index.ts";
import type { Crypto } from "../../src/crypto/index.ts";
import { createLogger } from "../../src/log.ts";
import type { SyncDriver } from "../../src/service/sync.ts";
import { VerificationDesk } from "../../src/service/verification.ts";
import type { Store } from "../../src/store/index.ts";
import { ROOM } from "../support/store.ts";

it("asks who is there after the direct room was made and before the request is encrypted for them", async () => {
  const steps: string[] = [];
  const desk = new VerificationDesk({
    config: { account: { userId: "@bot:a.test" } } as Config,
    crypto: {
      onRoomKeys: () => () => {},
      verifications: {
        onRequest: () => () => {},
        requireVerifiable: async () => void steps.push("look"),
        request: async () => void steps.push("request"),
      },
    } as unknown as Crypto,
    store: {} as Store,
    sync: {
      onBatch: () => () => {},
      run: async () => {},
      toLiveEnd: async () => void steps.push("live end"),
    } as unknown as SyncDriver,
    logger: createLogger({ level: "error", json: true, write: () => {} }),
    async directRoom() {
      steps.push("room");
      return ROOM;
    },
  });
  await desk.request("@person:a.test");
  expect(steps).toEqual(["look", "room", "live end", "request"]);
});
