import { beforeAll, describe, expect, it } from "vitest";
import { rawEvent } from "../support/room-events.ts";
import { type ElementUser, openWorld } from "../support/world.ts";

// The witness on matrix-js-sdk, against itself: what it reports about Sotto counts only if this holds.

const { newElement, synapse } = await openWorld();
let alice: ElementUser;
let bob: ElementUser;
let roomId: string;

beforeAll(async () => {
  [alice, bob] = await Promise.all([newElement(), newElement()]);
  ({ roomId } = await alice.request("createRoom", { invite: [bob.userId], direct: true }));
  await bob.request("join", { roomId });
});

/** A verification that one side has asked for and the other has accepted. */
async function readyVerification(
  from: ElementUser,
  to: ElementUser,
  where: { roomId?: string; deviceId?: string },
) {
  const { transactionId } = await from.request("requestVerification", { ...where, userId: to.userId });
  const incoming = await to.request("waitVerificationRequest", { userId: from.userId });
  expect(incoming).toMatchObject({ transactionId, phase: "requested", roomId: where.roomId ?? null });
  await to.request("acceptVerification", { transactionId });
  await from.request("waitVerification", { transactionId, phase: "ready" });
  return { transactionId };
}

async function expectDone(which: { transactionId: string }, ...both: ElementUser[]) {
  for (const side of both) {
    const state = await side.request("waitVerification", { ...which, phase: "done" });
    expect(state).toMatchObject({ phase: "done", cancellationCode: null });
  }
}

describe("verification between two users in a room", () => {
  it("by emoji: mismatch and cancel are told with their codes, and verify nobody", async () => {
    const first = await readyVerification(alice, bob, { roomId });
    await alice.request("startSas", first);
    await bob.request("showSas", first);
    await alice.request("mismatchSas", first);
    const mismatch = await bob.request("waitVerification", { ...first, phase: "cancelled" });
    expect(mismatch).toMatchObject({ cancellationCode: "m.mismatched_sas", cancelledBy: alice.userId });

    const second = await readyVerification(bob, alice, { roomId });
    await alice.request("cancelVerification", second);
    const cancelled = await bob.request("waitVerification", { ...second, phase: "cancelled" });
    expect(cancelled).toMatchObject({ cancellationCode: "m.user", cancelledBy: alice.userId });
    expect(await bob.request("userStatus", { userId: alice.userId })).toMatchObject({ verified: false });
  });

  it("by emoji: both see the same, and are verified", async () => {
    const which = await readyVerification(alice, bob, { roomId });
    await bob.request("startSas", which);
    const shown = await Promise.all([alice.request("showSas", which), bob.request("showSas", which)]);
    expect(shown[0].emoji).toHaveLength(7);
    expect(shown[0].decimal).toHaveLength(3);
    expect(shown[1]).toEqual(shown[0]);
    await Promise.all([alice.request("confirmSas", which), bob.request("confirmSas", which)]);
    await expectDone(which, alice, bob);
    await alice.request("waitUserStatus", { userId: bob.userId, verified: true });
    await bob.request("waitUserStatus", { userId: alice.userId, verified: true });
  });

  it("by QR code", async () => {
    const carol = await newElement();
    const chat = await alice.request("createRoom", { invite: [carol.userId], direct: true });
    await carol.request("join", chat);
    const which = await readyVerification(alice, carol, chat);
    const { bytes } = await carol.request("showQr", which);
    await alice.request("scanQr", { ...which, bytes });
    await carol.request("confirmQr", which);
    await expectDone(which, alice, carol);
    await alice.request("waitUserStatus", { userId: carol.userId, verified: true });
    await carol.request("waitUserStatus", { userId: alice.userId, verified: true });
  });
});

describe("verification of an own device, by to-device", () => {
  it("by emoji, asked for by the new device: signs it", async () => {
    const phone = await newElement({ account: alice.account });
    const { deviceId } = phone.session;
    const which = await readyVerification(phone, alice, {});
    await phone.request("startSas", which);
    const shown = await Promise.all([alice.request("showSas", which), phone.request("showSas", which)]);
    expect(shown[1]).toEqual(shown[0]);
    await Promise.all([alice.request("confirmSas", which), phone.request("confirmSas", which)]);
    await expectDone(which, alice, phone);
    await bob.request("waitDevice", { userId: alice.userId, deviceId, signed: true });
    await alice.request("deleteDevice", { deviceId });
    await bob.request("waitDevice", { userId: alice.userId, deviceId, gone: true });
  });

  it("by QR code, asked for by the old device: signs it", async () => {
    const phone = await newElement({ account: alice.account });
    const { deviceId } = phone.session;
    await alice.request("waitDevice", { userId: alice.userId, deviceId });
    const which = await readyVerification(alice, phone, { deviceId });
    const { bytes } = await alice.request("showQr", which);
    await phone.request("scanQr", { ...which, bytes });
    await alice.request("confirmQr", which);
    await expectDone(which, alice, phone);
    await bob.request("waitDevice", { userId: alice.userId, deviceId, signed: true });
  });
});

describe("the strict mode", () => {
  it("reads a signed device without a shield of another colour, and refuses an unsigned one", async () => {
    const laptop = await newElement({ account: bob.account, isolation: "all" });
    await alice.request("waitDevice", { userId: bob.userId, deviceId: laptop.session.deviceId });
    const signed = await bob.request("sendText", { roomId, body: "from a signed device" });
    const read = await alice.request("waitEvent", { roomId, eventId: signed.eventId });
    expect(read).toMatchObject({ content: { body: "from a signed device" }, shield: { colour: "NONE" } });
    const unsigned = await laptop.request("sendText", { roomId, body: "from an unsigned one" });
    await alice.request("waitEvent", { roomId, ...unsigned, failure: "UNSIGNED_SENDER_DEVICE" });
    await alice.request("setIsolation", { isolation: "all" });
    const event = await rawEvent(synapse, { roomId, ...unsigned }, alice.session.accessToken);
    const shown = await alice.request("tryKeys", { event });
    expect(shown).toMatchObject({ decrypted: true, shield: { colour: "RED", reason: "UNSIGNED_DEVICE" } });
    await alice.request("setIsolation", { isolation: "signed" });

    const { eventId } = await alice.request("sendText", { roomId, body: "for signed devices" });
    await bob.request("waitEvent", { roomId, eventId });
    const failure = "MEGOLM_KEY_WITHHELD_FOR_UNVERIFIED_DEVICE";
    const { sessionId } = await laptop.request("waitEvent", { roomId, eventId, failure });
    const content = { room_id: roomId, session_id: sessionId };
    const withheld = await laptop.request("waitToDevice", { type: "m.room_key.withheld", content });
    expect(withheld).toMatchObject({ sender: alice.userId, content: { code: "m.unverified" } });
  });
});

describe("recovery", () => {
  it("gives a new device the identity and the old messages, by key and by passphrase", async () => {
    const dora = await newElement();
    const chat = await dora.request("createRoom", {});
    const sent = await dora.request("sendText", { ...chat, body: "kept" });
    const { recoveryKey } = await dora.request("createRecovery", { passphrase: "correct horse" });
    await dora.request("waitBackup", { count: 1 });
    const { masterKey } = await dora.request("crossSigningStatus");

    for (const opener of [{ recoveryKey }, { passphrase: "correct horse" }]) {
      const device = await newElement({ account: dora.account });
      await expect(device.request("unlock", { passphrase: "wrong" })).rejects.toThrow("does not open");
      await device.request("unlock", opener);
      const status = await device.request("bootstrapCrossSigning", {});
      expect(status).toMatchObject({ ready: true, masterKey });
      const { userId, deviceId } = device.session;
      await device.request("waitDevice", { userId, deviceId, signed: true });
      const backup = await device.request("loadBackupKey");
      expect(backup).toMatchObject({ trusted: true, matchesDecryptionKey: true, count: 1 });
      expect(await device.request("restoreBackup")).toMatchObject({ total: 1, imported: 1 });
      const read = await device.request("waitEvent", { ...chat, ...sent });
      expect(read.content).toMatchObject({ body: "kept" });
    }
  });
});

describe("an identity that is reset", () => {
  it("is told to those who had verified it, until they accept the new one", async () => {
    const { masterKey } = await bob.request("resetEncryption");
    const changed = await alice.request("waitUserStatus", { userId: bob.userId, masterKey });
    expect(changed).toMatchObject({ verified: false, wasVerified: true });
    const accepted = await alice.request("withdrawVerification", { userId: bob.userId });
    expect(accepted).toMatchObject({ wasVerified: false, needsApproval: false });
  });
});
