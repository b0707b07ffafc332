import { generateKeyPairSync, type KeyObject, sign } from "node:crypto";
import { describe, expect, it } from "vitest";
import { readPublishedKeys } from "../../src/crypto/index.ts";
import { canonicalJson, foreignIdentity } from "../witness/sign-listener.ts";

const ALICE = "@alice:example.org";
const OWN = "@voice:example.org";

type Signatures = Record<string, Record<string, string>>;
interface Device {
  user_id: string;
  device_id: string;
  algorithms: string[];
  keys: Record<string, string>;
  signatures?: Signatures;
  unsigned?: { device_display_name: string };
}
interface Part {
  user_id: string;
  usage: string[];
  keys: Record<string, string>;
  signatures?: Signatures;
}
interface Answer {
  device_keys: { [ALICE]: { PHONE: Device } };
  master_keys: { [ALICE]: Part };
  self_signing_keys: { [ALICE]: Part };
}

interface Key {
  id: string;
  key: string;
  privateKey: KeyObject;
}
const unpadded = (bytes: Uint8Array): string => Buffer.from(bytes).toString("base64").replace(/=+$/, "");
function newKey(kind: "ed25519" | "x25519" = "ed25519", id?: string): Key {
  const { publicKey, privateKey } =
    kind === "ed25519" ? generateKeyPairSync("ed25519") : generateKeyPairSync("x25519");
  const key = unpadded(Buffer.from(publicKey.export({ format: "jwk" }).x!, "base64url"));
  return { id: id ?? key, key, privateKey };
}
function signed<T extends Device | Part>(object: T, userId: string, ...keys: Key[]): T {
  const { signatures = {}, unsigned: _, ...rest } = object as Device;
  const bytes = Buffer.from(canonicalJson(rest as never));
  const made = Object.fromEntries(
    keys.map(({ id, privateKey }) => [`ed25519:${id}`, unpadded(sign(null, bytes, privateKey))]),
  );
  return { ...object, signatures: { ...signatures, [userId]: { ...signatures[userId], ...made } } };
}

/** A user as every homeserver should show one: an identity, verified by ours, and a phone that it has signed. */
function world() {
  const [master, selfSigning, ourUserSigning] = [newKey(), newKey(), newKey()];
  const phone = newKey("ed25519", "PHONE");
  const part = (usage: string, { key }: Key) => ({
    user_id: ALICE,
    usage: [usage],
    keys: { [`ed25519:${key}`]: key },
  });
  const device = (more: object = {}): Device => ({
    user_id: ALICE,
    device_id: "PHONE",
    algorithms: ["m.megolm.v1.aes-sha2"],
    keys: { "ed25519:PHONE": phone.key, "curve25519:PHONE": newKey("x25519").key },
    ...more,
  });
  const answer: Answer = {
    device_keys: {
      [ALICE]: {
        PHONE: {
          ...signed(device(), ALICE, phone, selfSigning),
          unsigned: { device_display_name: "Alice's phone" },
        },
      },
    },
    master_keys: { [ALICE]: signed(part("master", master), OWN, ourUserSigning) },
    self_signing_keys: { [ALICE]: signed(part("self_signing", selfSigning), ALICE, master) },
  };
  const ours = { userId: OWN, userSigningKey: ourUserSigning.key };
  return {
    ...{ answer, ours, master, selfSigning, phone, device, part },
    read: () => readPublishedKeys(answer, ALICE, ours)!,
    phoneOf: () => readPublishedKeys(answer, ALICE, ours)!.devices[0]!,
  };
}

type World = ReturnType<typeof world>;

describe("what a homeserver shows of a user", () => {
  it("is believed where every signature holds", () => {
    const { read, master, phone, answer } = world();
    expect(read()).toEqual({
      identity: { masterKey: master.key, isConsistent: true, isSignedByUs: true },
      devices: [
        {
          deviceId: "PHONE",
          displayName: "Alice's phone",
          keys: {
            ed25519: phone.key,
            curve25519: answer.device_keys[ALICE].PHONE.keys["curve25519:PHONE"],
          },
          isSelfSigned: true,
          isCrossSigned: true,
          isDehydrated: false,
        },
      ],
    });
  });

  it("says that there is no identity where there is none", () => {
    const { answer, read } = world();
    answer.master_keys = {} as never;
    expect(read()).toMatchObject({ identity: null, devices: [{ isSelfSigned: true, isCrossSigned: false }] });
  });

  it("is not verified by us without our own key, or by the signature of another", () => {
    const { answer, ours } = world();
    expect(readPublishedKeys(answer, ALICE)?.identity?.isSignedByUs).toBe(false);
    const other = { ...ours, userSigningKey: newKey().key };
    expect(readPublishedKeys(answer, ALICE, other)?.identity?.isSignedByUs).toBe(false);
  });
});

/** What a homeserver that lies could do; each must cost exactly the claim that it touches. */
const LIES: Record<string, [(one: World) => void, object]> = {
  "a device's key was exchanged": [
    ({ answer }) => (answer.device_keys[ALICE].PHONE.keys["ed25519:PHONE"] = newKey().key),
    { isSelfSigned: false, isCrossSigned: false },
  ],
  "its other key was exchanged": [
    ({ answer }) => (answer.device_keys[ALICE].PHONE.keys["curve25519:PHONE"] = newKey("x25519").key),
    { isSelfSigned: false, isCrossSigned: false },
  ],
  "the identity's signature was taken from it": [
    ({ answer, device, phone }) => (answer.device_keys[ALICE].PHONE = signed(device(), ALICE, phone)),
    { isSelfSigned: true, isCrossSigned: false },
  ],
  "only the identity has signed it": [
    ({ answer, device, selfSigning }) =>
      (answer.device_keys[ALICE].PHONE = signed(device(), ALICE, selfSigning)),
    { isSelfSigned: false, isCrossSigned: false },
  ],
  "it is signed by an identity of the homeserver's own making": [
    ({ answer, device, phone }) => {
      const { selfSigning, sign: signIt } = foreignIdentity(ALICE);
      answer.device_keys[ALICE].PHONE = signIt(signed(device(), ALICE, phone));
      answer.self_signing_keys[ALICE] = selfSigning as never; // signed by a master key that is not shown
    },
    { isSelfSigned: true, isCrossSigned: false },
  ],
  "it is another user's device": [
    ({ answer, device, phone, selfSigning }) =>
      (answer.device_keys[ALICE].PHONE = signed(device({ user_id: OWN }), ALICE, phone, selfSigning)),
    { isSelfSigned: false, isCrossSigned: false },
  ],
  "it is shown under another device's name": [
    ({ answer, device, phone, selfSigning }) =>
      (answer.device_keys[ALICE].PHONE = signed(device({ device_id: "TABLET" }), ALICE, phone, selfSigning)),
    { isSelfSigned: false, isCrossSigned: false },
  ],
  "a number in it is none of canonical JSON's": [
    ({ answer, device, phone, selfSigning }) =>
      (answer.device_keys[ALICE].PHONE = signed(device({ number: 1.5 }), ALICE, phone, selfSigning)),
    { isSelfSigned: false, isCrossSigned: false },
  ],
  "it is nested without an end": [
    ({ answer, device, phone, selfSigning }) =>
      (answer.device_keys[ALICE].PHONE = {
        ...signed(device(), ALICE, phone, selfSigning),
        ...{ deep: JSON.parse("[".repeat(20_000) + "]".repeat(20_000)) },
      }),
    { isSelfSigned: false, isCrossSigned: false },
  ],
  "a signature is too short": [
    ({ answer }) => (answer.device_keys[ALICE].PHONE.signatures![ALICE]!["ed25519:PHONE"] = "AAAA"),
    { isSelfSigned: false, isCrossSigned: false },
  ],
  "a signature is written as no other client reads it": [
    ({ answer }) => (answer.device_keys[ALICE].PHONE.signatures![ALICE]!["ed25519:PHONE"] += "=="),
    { isSelfSigned: false, isCrossSigned: false },
  ],
  "the signatures are no object": [
    ({ answer }) => (answer.device_keys[ALICE].PHONE.signatures = "signed" as never),
    { isSelfSigned: false, isCrossSigned: false },
  ],
};

describe("a device of which a homeserver lies", () => {
  it.each(Object.entries(LIES))("is not believed: %s", (_what, [lie, left]) => {
    const one = world();
    lie(one);
    expect(one.phoneOf()).toMatchObject({ deviceId: "PHONE", ...left });
  });

  it("keeps nothing of keys that are none, and no name longer than a name", () => {
    const { answer, phoneOf } = world();
    answer.device_keys[ALICE].PHONE.keys["ed25519:PHONE"] = "short";
    answer.device_keys[ALICE].PHONE.unsigned!.device_display_name = "x".repeat(10_000_000);
    expect(phoneOf().keys).toBeUndefined();
    expect(phoneOf().displayName).toHaveLength(255);
  });

  it("named like a part of every object is a device like others", () => {
    const { answer, read } = world();
    answer.device_keys[ALICE] = JSON.parse('{"__proto__": {"keys": {}}, "constructor": {}}');
    expect(read().devices.map(({ deviceId }) => deviceId)).toEqual(["__proto__", "constructor"]);
    expect(read().devices.some(({ isSelfSigned }) => isSelfSigned)).toBe(false);
  });
});

describe("an identity of which a homeserver lies", () => {
  it.each<[string, (one: World) => void]>([
    [
      "the master key was exchanged",
      ({ answer }) => (answer.master_keys[ALICE] = foreignIdentity(ALICE).master as never),
    ],
    ["nothing signs devices", ({ answer }) => (answer.self_signing_keys = {} as never)],
    [
      "the key that signs devices is unsigned",
      ({ answer }) => delete answer.self_signing_keys[ALICE].signatures,
    ],
    ["it says another use", ({ answer }) => (answer.self_signing_keys[ALICE].usage = ["user_signing"])],
    ["it is another user's", ({ answer }) => (answer.self_signing_keys[ALICE].user_id = OWN)],
    [
      "it has two keys",
      ({ answer }) => (answer.self_signing_keys[ALICE].keys[`ed25519:${newKey().key}`] = newKey().key),
    ],
  ])("is not whole, and signs no device: %s", (_what, lie) => {
    const one = world();
    lie(one);
    expect(one.read()).toMatchObject({
      identity: { isConsistent: false },
      devices: [{ isSelfSigned: true, isCrossSigned: false }],
    });
  });

  it("is not verified by us when the master key was exchanged under our signature", () => {
    const { answer, read } = world();
    const { master } = foreignIdentity(ALICE);
    answer.master_keys[ALICE] = {
      ...master,
      signatures: answer.master_keys[ALICE].signatures!,
    };
    expect(read().identity?.isSignedByUs).toBe(false);
  });

  it.each([null, 7, "answer", [], { device_keys: [], master_keys: 3, self_signing_keys: null }])(
    "is nothing in an answer that is none: %j",
    (answer) => {
      expect(readPublishedKeys(answer, ALICE)).toBeUndefined();
    },
  );

  it.each([null, 7, "none", [], { PHONE: null }, { PHONE: "keys" }, { PHONE: [] }])(
    "is nothing where something else than devices stands: %j",
    (devices) => {
      const { answer } = world();
      expect(readPublishedKeys({ ...answer, device_keys: { [ALICE]: devices } }, ALICE)).toBeUndefined();
      expect(readPublishedKeys({ ...answer, device_keys: { [ALICE]: {} } }, ALICE)?.devices).toEqual([]);
    },
  );
});
