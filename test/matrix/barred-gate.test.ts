import { expect, it } from "vitest";
import { SottoError } from "../../src/errors.ts";
import { createSendGate, createTransport } from "../../src/matrix/index.ts";
import { type Answer, fakeTiming, scriptedServer } from "./scripted-server.ts";

const ROOM = "!31hneApxJ_1o-63DmFrpeqnkFfWppnzWso1JvH3ogLM";
const MEGOLM = JSON.stringify({
  ...{ algorithm: "m.megolm.v1.aes-sha2", ciphertext: "AwgAEnAC", session_id: "X3lU" },
});
const ALL = { reactions: true, redactions: true, state: true };
const error = new SottoError("ROOM_EVACUATED", "nothing goes there");

async function barredGate(script: Answer[]) {
  const server = await scriptedServer(script);
  const transport = createTransport({ homeserver: server.url, env: {}, timing: fakeTiming() });
  /** Rooms that nothing may go into, but for what is let through. */
  const barred = new Map<string, (event: { txnId?: string; isVerification?: true }) => boolean>();
  const gate = createSendGate(transport, ALL, (roomId, entering) =>
    barred.get(roomId)?.(entering) ? error : undefined,
  );
  return {
    ...{ gate, barred, requests: server.requests },
    async [Symbol.asyncDispose]() {
      transport.close();
      await server[Symbol.asyncDispose]();
    },
  };
}

it("nothing of any kind goes into a room that is barred, and all of it into another", async () => {
  await using peer = await barredGate([{ json: { event_id: "$e" } }]);
  const { gate, barred, requests } = peer;
  barred.set(ROOM, () => true);
  for (const work of [
    () => gate.putEncrypted(ROOM, "t", MEGOLM),
    () => gate.forVerification.putEncrypted(ROOM, "t", MEGOLM),
    () => gate.putClear(ROOM, "t", "m.reaction", {}),
    () => gate.redact(ROOM, "t", "$e"),
    () => gate.putState(ROOM, "m.room.topic", "", {}),
  ])
    await expect(work()).rejects.toBe(error);
  expect(requests).toEqual([]);
  expect(await gate.putEncrypted("!kitchen", "t", MEGOLM)).toBe("$e");
});

it("what is let through goes by its transaction ID, and a verification as such", async () => {
  await using peer = await barredGate([{ json: { event_id: "$notice" } }, { json: { event_id: "$sas" } }]);
  const { gate, barred } = peer;
  barred.set(ROOM, ({ txnId, isVerification }) => txnId !== "notice" && !isVerification);
  expect(await gate.putEncrypted(ROOM, "notice", MEGOLM)).toBe("$notice");
  expect(await gate.forVerification.putEncrypted(ROOM, "t", MEGOLM)).toBe("$sas");
  await expect(gate.putEncrypted(ROOM, "other", MEGOLM)).rejects.toBe(error);
});

it("a request whose answer was lost is not repeated once the room is barred: whether it arrived is not known", async () => {
  const { promise: reached, resolve: reach } = Promise.withResolvers<void>();
  const { promise: lost, resolve: lose } = Promise.withResolvers<void>();
  const cutLater: Answer = async (response) => {
    reach();
    await lost;
    response.destroy();
  };
  await using peer = await barredGate([cutLater, { json: { event_id: "$e" } }]);
  const { gate, barred, requests } = peer;
  const putting = gate.putEncrypted(ROOM, "t", MEGOLM);
  await reached;
  barred.set(ROOM, () => true);
  let isSettled = false;
  const settled = gate.settled(ROOM).then(() => {
    isSettled = true;
  });
  await gate.settled("!kitchen");
  expect(isSettled).toBe(false);
  lose();
  await expect(putting).rejects.toMatchObject({ code: "SEND_UNCERTAIN" });
  await settled;
  expect(requests).toHaveLength(1);
});
