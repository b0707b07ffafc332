import { generateKeyPairSync, type KeyObject, randomBytes, sign } from "node:crypto";
import type { Session, Synapse } from "../../synapse-dev/synapse.ts";
import { canonicalJson } from "../../test/witness/sign-listener.ts";

// Listeners that exist on the server only: devices with generated keys, signed by their users' own identities, so that
// room keys are shared with them. Nobody ever decrypts anything.

const ONE_TIME_KEYS = 8;

interface SigningKey {
  id: string;
  privateKey: KeyObject;
  publicKey: string;
}

/** A user whose devices all have keys and are signed. */
export async function addFakeUser(synapse: Synapse, name: string, devices: number): Promise<Session> {
  const password = randomBytes(12).toString("hex");
  const first = await synapse.registerUser(name, password);
  const sessions = [first];
  while (sessions.length < devices) sessions.push(await synapse.login(first.userId, password));
  const identity = await publishIdentity(synapse, first);
  const signed: Record<string, object> = {};
  for (const session of sessions) signed[session.deviceId] = identity(await publishDevice(synapse, session));
  await post(synapse, first, "signatures/upload", { [first.userId]: signed });
  return first;
}

/** Gives a function that signs a device as its owner. */
async function publishIdentity(synapse: Synapse, session: Session): Promise<(device: object) => object> {
  const { userId } = session;
  const [master, selfSigning, userSigning] = [signingKey(), signingKey(), signingKey()];
  const describe = (usage: string, key: SigningKey) => ({
    user_id: userId,
    usage: [usage],
    keys: { [key.id]: key.publicKey },
  });
  await post(synapse, session, "device_signing/upload", {
    master_key: describe("master", master),
    self_signing_key: withSignature(describe("self_signing", selfSigning), userId, master),
    user_signing_key: withSignature(describe("user_signing", userSigning), userId, master),
  });
  return (device) => withSignature(device, userId, selfSigning);
}

async function publishDevice(synapse: Synapse, session: Session): Promise<object> {
  const { userId, deviceId } = session;
  const key = signingKey(`ed25519:${deviceId}`);
  const device = withSignature(
    {
      user_id: userId,
      device_id: deviceId,
      algorithms: ["m.olm.v1.curve25519-aes-sha2", "m.megolm.v1.aes-sha2"],
      keys: { [key.id]: key.publicKey, [`curve25519:${deviceId}`]: curve25519Key() },
    },
    userId,
    key,
  );
  const oneTimeKeys = Array.from({ length: ONE_TIME_KEYS }, (_, index) => [
    `signed_curve25519:AAAA${index}`,
    withSignature({ key: curve25519Key() }, userId, key),
  ]);
  await post(synapse, session, "upload", {
    device_keys: device,
    one_time_keys: Object.fromEntries(oneTimeKeys),
  });
  return device;
}

function post(synapse: Synapse, { accessToken }: Session, endpoint: string, body: object): Promise<unknown> {
  return synapse.request("POST", `/_matrix/client/v3/keys/${endpoint}`, accessToken, body);
}

/** Named as the spec names a device's key, or, for an identity, by the key itself. */
function signingKey(id?: string): SigningKey {
  const { privateKey, publicKey: key } = generateKeyPairSync("ed25519");
  const publicKey = unpadded(key);
  return { id: id ?? `ed25519:${publicKey}`, privateKey, publicKey };
}

const curve25519Key = (): string => unpadded(generateKeyPairSync("x25519").publicKey);

const unpadded = (key: KeyObject): string =>
  Buffer.from(key.export({ format: "jwk" }).x!, "base64url")
    .toString("base64")
    .replace(/=+$/, "");

function withSignature<T extends object>(object: T, userId: string, { id, privateKey }: SigningKey): T {
  const { signatures = {}, ...rest } = object as { signatures?: Record<string, Record<string, string>> };
  const bytes = Buffer.from(canonicalJson(rest as Parameters<typeof canonicalJson>[0]));
  const signature = sign(null, bytes, privateKey).toString("base64").replace(/=+$/, "");
  return { ...object, signatures: { ...signatures, [userId]: { ...signatures[userId], [id]: signature } } };
}
