import * as fc from "fast-check";
import { expect, it } from "vitest";
import { endpointOf } from "../../src/matrix/endpoint.ts";
import { path } from "../../src/matrix/path.ts";

it.each([
  ["/_matrix/client/v3/sync", "sync"],
  ["/_matrix/client/v3/rooms/!a:example.org/send/m.room.encrypted/1", "rooms/send"],
  ["/_matrix/client/v3/rooms/%21a/state/m.room.encryption/", "rooms/state"],
  ["/_matrix/client/v3/keys/device_signing/upload", "keys/device_signing/upload"],
  ["/_matrix/media/v3/upload", "upload"],
  ["/_matrix/client/v1/media/config", "config"],
  ["/.well-known/matrix/client", ".well-known"],
  ["/somewhere/else", "other"],
])("%s calls %s", (at, endpoint) => {
  expect(endpointOf(at)).toBe(endpoint);
});

it("is never the name of a room, a user or a device", () => {
  const id = (sigil: string) => fc.string({ minLength: 1 }).map((name) => `${sigil}${name}:example.org`);
  fc.assert(
    fc.property(id("!"), id("@"), id("#"), fc.uuid(), (room, user, alias, txnId) => {
      const known = new Set(["rooms/send", "user/account_data", "directory/room", "sendToDevice"]);
      for (const at of [
        path`/_matrix/client/v3/rooms/${room}/send/m.room.encrypted/${txnId}`,
        path`/_matrix/client/v3/user/${user}/account_data/${`alt.sotto.store.${txnId}`}`,
        path`/_matrix/client/v3/directory/room/${alias}`,
        path`/_matrix/client/v3/sendToDevice/m.room.encrypted/${txnId}`,
      ])
        expect(known).toContain(endpointOf(at));
    }),
  );
});
