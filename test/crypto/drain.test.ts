import { expect, it } from "vitest";
import type { Machine } from "../../src/crypto/engine.ts";
import { type CryptoOptions, createCrypto, type HeldEngine } from "../../src/crypto/index.ts";
import { batch, ONLY_STORE, openTestStore } from "../support/store.ts";

// The engine is a stand-in: what the real one has to send cannot be made to appear at a given moment.

it("what the engine has to send after a sync is sent, though somebody looked while it was at work", async () => {
  const done = Promise.withResolvers<never[]>();
  let looked = 0;
  const machine = {
    identityKeys: { ed25519: { toBase64: () => "" }, curve25519: { toBase64: () => "" } },
    updateTrackedUsers: async () => undefined,
    receiveSyncChanges: () => done.promise,
    outgoingRequests: async () => {
      looked += 1;
      return [];
    },
  } as unknown as Machine;
  const crypto = createCrypto({
    engine: { machine } as HeldEngine,
    store: openTestStore(),
    oneStore: ONLY_STORE,
    keyServer: { send: async () => "{}" },
    policy: { rotation: { maxPeriodMs: 1, maxMessages: 1 } },
  } as unknown as CryptoOptions);
  const receiving = crypto.receive(batch({ toDevice: [{ type: "m.room.encrypted" }] }));
  await crypto.drain();
  done.resolve([]);
  await receiving;
  const before = looked;
  await crypto.drain();
  expect(looked).toBe(before + 1);
  await crypto.drain();
  expect(looked).toBe(before + 1);
});
