import type * as wasm from "@matrix-org/matrix-sdk-crypto-wasm";
import { CryptoError } from "./errors.ts";
import { settle } from "./from-engine.ts";
import { SignatureUploadRequest } from "./requests.ts";
import { SecretStorageItems, type SecretStorageKey } from "./secret-storage.ts";

/** Names in account data, https://spec.matrix.org/latest/client-server-api/#cross-signing. */
const MASTER = "m.cross_signing.master";
const SELF_SIGNING = "m.cross_signing.self_signing";
const USER_SIGNING = "m.cross_signing.user_signing";

/** The private cross-signing keys of the machine, encrypted with the key. */
export async function exportSecrets(
  machine: wasm.OlmMachine,
  key: SecretStorageKey,
): Promise<SecretStorageItems> {
  const keys = await settle(machine.exportCrossSigningKeys());
  const encrypt = (secret: string | undefined, name: string): string => {
    if (secret === undefined)
      throw new CryptoError("ERR_SECRET_STORAGE", `This device does not have ${name}`);
    return key.encrypt(secret, name);
  };
  return new SecretStorageItems({
    masterKey: encrypt(keys?.masterKey, MASTER),
    userSigningKey: encrypt(keys?.userSigningKey, USER_SIGNING),
    selfSigningKey: encrypt(keys?.self_signing_key, SELF_SIGNING),
  });
}

/** Gives the machine the private keys. The public ones and those of this device must have been queried before. */
export async function importSecrets(
  machine: wasm.OlmMachine,
  key: SecretStorageKey,
  { masterKey, selfSigningKey, userSigningKey }: SecretStorageItems,
): Promise<SignatureUploadRequest> {
  await settle(
    machine.importCrossSigningKeys(
      key.decrypt(masterKey, MASTER),
      key.decrypt(selfSigningKey, SELF_SIGNING),
      key.decrypt(userSigningKey, USER_SIGNING),
    ),
  );
  const device = await settle(machine.getDevice(machine.userId, machine.deviceId));
  if (!device) {
    throw new CryptoError(
      "ERR_SECRET_STORAGE",
      "The keys of this device are not known yet: query them first",
    );
  }
  return new SignatureUploadRequest(await settle(device.verify()));
}
