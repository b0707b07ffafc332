import { createPublicKey, generateKeyPairSync, type KeyObject, sign, verify } from "node:crypto";

// matrix-nio cannot cross-sign. This gives the witness's account an identity of its own and signs the
// witness's device with it, so that a sender that asks for signed devices accepts it. It shares no code
// with Sotto or its engine: plain ed25519 over canonical JSON, as the specification words it.

type Json = string | number | boolean | null | Json[] | { [key: string]: Json | undefined };
type JsonObject = { [key: string]: Json | undefined };

export interface ListenerSession {
  baseUrl: string;
  userId: string;
  accessToken: string;
  deviceId: string;
  /** Needed only where an identity is exchanged for another. */
  password?: string;
}

interface SigningKey {
  /** The key's name in signatures: ed25519:<public key>. */
  id: string;
  publicKey: string;
  privateKey: KeyObject;
}

export interface ListenerIdentity {
  masterKey: string;
  selfSigningKey: string;
  userSigningKey: string;
}

/** Keys sorted by code point (UTF-8's order), no spaces; the specification allows integers only. */
export function canonicalJson(value: Json): string {
  if (Array.isArray(value)) return `[${value.map(canonicalJson).join(",")}]`;
  if (value === null || typeof value !== "object") return JSON.stringify(value);
  const entries = Object.entries(value).filter((entry): entry is [string, Json] => entry[1] !== undefined);
  entries.sort(([a], [b]) => Buffer.compare(Buffer.from(a), Buffer.from(b)));
  return `{${entries.map(([key, item]) => `${JSON.stringify(key)}:${canonicalJson(item)}`).join(",")}}`;
}

function unpadded(bytes: Buffer): string {
  return bytes.toString("base64").replace(/=+$/, "");
}

/** What a signature covers: the object without its signatures and unsigned data. */
function signedPart({ signatures: _, unsigned: __, ...rest }: JsonObject): Buffer {
  return Buffer.from(canonicalJson(rest));
}

function newSigningKey(): SigningKey {
  const { privateKey, publicKey: key } = generateKeyPairSync("ed25519");
  const publicKey = unpadded(Buffer.from(key.export({ format: "jwk" }).x ?? "", "base64url"));
  return { id: `ed25519:${publicKey}`, publicKey, privateKey };
}

function withSignature<T extends JsonObject>(object: T, userId: string, key: SigningKey): T {
  const signature = unpadded(sign(null, signedPart(object), key.privateKey));
  return { ...object, signatures: { [userId]: { [key.id]: signature } } };
}

/** Whether the object carries a valid signature of this user's ed25519 public key under this key ID. */
export function isSignedBy(object: JsonObject, userId: string, keyId: string, publicKey: string): boolean {
  const signatures = object.signatures as Record<string, Record<string, string>> | undefined;
  const signature = signatures?.[userId]?.[keyId];
  if (signature === undefined) return false;
  const x = Buffer.from(publicKey, "base64").toString("base64url");
  const key = createPublicKey({ key: { kty: "OKP", crv: "Ed25519", x }, format: "jwk" });
  return verify(null, signedPart(object), key, Buffer.from(signature, "base64"));
}

async function post(session: ListenerSession, endpoint: string, body: object): Promise<JsonObject> {
  const response = await fetch(`${session.baseUrl}/_matrix/client/v3/keys/${endpoint}`, {
    method: "POST",
    headers: { authorization: `Bearer ${session.accessToken}` },
    body: JSON.stringify(body),
  });
  const answer = await response.text();
  if (!response.ok) throw new Error(`keys/${endpoint}: ${response.status} ${answer}`);
  return JSON.parse(answer) as JsonObject;
}

/** The user's keys as the server publishes them. */
async function publishedKeys(session: ListenerSession) {
  const answer = await post(session, "query", { device_keys: { [session.userId]: [] } });
  const of = (field: string) => (answer[field] as Record<string, JsonObject> | undefined)?.[session.userId];
  const device = (of("device_keys") as Record<string, JsonObject> | undefined)?.[session.deviceId];
  return { device, master: of("master_keys"), selfSigning: of("self_signing_keys") };
}

/** An identity that a homeserver made for a user, with what it can sign under it. */
export function foreignIdentity(userId: string) {
  const [master, selfSigning, userSigning] = [newSigningKey(), newSigningKey(), newSigningKey()];
  const describe = (usage: string, key: SigningKey) => ({
    user_id: userId,
    usage: [usage],
    keys: { [key.id]: key.publicKey },
  });
  return {
    master: describe("master", master),
    selfSigning: withSignature(describe("self_signing", selfSigning), userId, master),
    userSigning: withSignature(describe("user_signing", userSigning), userId, master),
    /** Another's master key, signed by this user: that is what a verification leaves. */
    signUser: (other: JsonObject) => withSignature(other, userId, userSigning),
    /** The keys of a user's device, signed with this identity beside what has signed them already. */
    sign<T extends { signatures?: Record<string, Record<string, string>> }>(device: T): T {
      const { signatures } = withSignature(device as unknown as JsonObject, userId, selfSigning);
      const made = (signatures as Record<string, Record<string, string>>)[userId];
      return {
        ...device,
        signatures: { ...device.signatures, [userId]: { ...device.signatures?.[userId], ...made } },
      };
    },
  };
}

/** A device of a homeserver's own making under the name of a user's, rightly signed by itself. */
export function foreignDevice(userId: string, deviceId: string) {
  const key = { ...newSigningKey(), id: `ed25519:${deviceId}` };
  const curve = unpadded(
    Buffer.from(generateKeyPairSync("x25519").publicKey.export({ format: "jwk" }).x ?? "", "base64url"),
  );
  const algorithms = ["m.olm.v1.curve25519-aes-sha2", "m.megolm.v1.aes-sha2"];
  const keys = { [key.id]: key.publicKey, [`curve25519:${deviceId}`]: curve };
  return withSignature({ user_id: userId, device_id: deviceId, algorithms, keys }, userId, key);
}

/**
 * Creates a cross-signing identity for the account and signs the session's device, which must have uploaded its keys.
 */
export async function signListener(session: ListenerSession): Promise<ListenerIdentity> {
  const { userId, deviceId } = session;
  const [master, selfSigning, userSigning] = [newSigningKey(), newSigningKey(), newSigningKey()];
  const describe = (usage: string, key: SigningKey) => ({
    user_id: userId,
    usage: [usage],
    keys: { [key.id]: key.publicKey },
  });
  await post(session, "device_signing/upload", {
    master_key: describe("master", master),
    self_signing_key: withSignature(describe("self_signing", selfSigning), userId, master),
    user_signing_key: withSignature(describe("user_signing", userSigning), userId, master),
    ...(session.password === undefined
      ? {}
      : {
          auth: {
            type: "m.login.password",
            identifier: { type: "m.id.user", user: userId },
            password: session.password,
          },
        }),
  });

  const { device } = await publishedKeys(session);
  if (device === undefined) throw new Error(`${userId} ${deviceId} has not uploaded its keys yet`);
  const { unsigned: _, ...deviceKeys } = device;
  const signed = withSignature(deviceKeys, userId, selfSigning);
  const answer = await post(session, "signatures/upload", { [userId]: { [deviceId]: signed } });
  if (Object.keys(answer.failures ?? {}).length > 0) throw new Error(`refused: ${JSON.stringify(answer)}`);
  return {
    masterKey: master.publicKey,
    selfSigningKey: selfSigning.publicKey,
    userSigningKey: userSigning.publicKey,
  };
}

/** Whether the server publishes the whole chain, and each signature in it is valid. */
export async function isListenerSigned(
  session: ListenerSession,
  identity: ListenerIdentity,
): Promise<boolean> {
  const { userId } = session;
  const { device, master, selfSigning } = await publishedKeys(session);
  if (!device || !master || !selfSigning) return false;
  const masterId = `ed25519:${identity.masterKey}`;
  const selfSigningId = `ed25519:${identity.selfSigningKey}`;
  return (
    (master.keys as JsonObject)[masterId] === identity.masterKey &&
    isSignedBy(selfSigning, userId, masterId, identity.masterKey) &&
    isSignedBy(device, userId, selfSigningId, identity.selfSigningKey)
  );
}
