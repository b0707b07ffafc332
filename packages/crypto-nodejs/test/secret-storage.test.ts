import {
  decodeRecoveryKey,
  deriveRecoveryKeyFromPassphrase,
  encodeRecoveryKey,
} from "matrix-js-sdk/lib/crypto-api/index.js";
import { type AccountDataClient, ServerSideSecretStorageImpl } from "matrix-js-sdk/lib/secret-storage.js";
import { describe, expect, test } from "vitest";
import { SecretStorageItems, SecretStorageKey } from "../src/index.ts";

const NAME = "m.megolm_backup.v1";

/** matrix-js-sdk's secret storage over account data in a map, unlocked with `key`. */
function jsSdk(key: Uint8Array<ArrayBuffer>, accountData: Record<string, unknown>) {
  const client = {
    getAccountDataFromServer: async (type: string) => accountData[type] ?? null,
    setAccountData: async (type: string, content: unknown) => {
      accountData[type] = content;
      return {};
    },
    on: () => client,
    off: () => client,
    emit: () => true,
  } as unknown as AccountDataClient;
  const storage = new ServerSideSecretStorageImpl(client, {
    getSecretStorageKey: async ({ keys }) => [Object.keys(keys)[0] as string, key],
  });
  return { storage, accountData };
}

describe("SecretStorageKey and matrix-js-sdk", () => {
  test("read each other's recovery keys", () => {
    const key = SecretStorageKey.createRandomKey();
    const raw = decodeRecoveryKey(key.toBase58());
    expect(raw).toHaveLength(32);
    expect(encodeRecoveryKey(raw)).toBe(key.toBase58());
    expect(key.toBase58()).toMatch(/^Es[STU].( [1-9A-HJ-NP-Za-km-z]{4}){11}/);
  });

  test("read each other's secrets", async () => {
    const key = SecretStorageKey.createRandomKey();
    const { storage, accountData } = jsSdk(decodeRecoveryKey(key.toBase58()), {
      [key.eventType()]: JSON.parse(key.accountDataContent()),
      [NAME]: JSON.parse(key.encrypt("from here: ∞", NAME)),
    });
    expect(await storage.get(NAME)).toBe("from here: ∞");

    await storage.store("m.cross_signing.master", "from there", [key.keyId()]);
    expect(key.decrypt(JSON.stringify(accountData["m.cross_signing.master"]), "m.cross_signing.master")).toBe(
      "from there",
    );
  });

  test("agree on whether a key is the right one", async () => {
    const key = SecretStorageKey.createRandomKey();
    const other = SecretStorageKey.createRandomKey();
    const description = JSON.parse(key.accountDataContent());
    const { storage } = jsSdk(new Uint8Array(32), {});
    expect(await storage.checkKey(decodeRecoveryKey(key.toBase58()), description)).toBe(true);
    expect(await storage.checkKey(decodeRecoveryKey(other.toBase58()), description)).toBe(false);
  });

  test("derive the same key from a passphrase", async () => {
    const key = SecretStorageKey.createFromPassphrase("correct horse");
    const { passphrase } = JSON.parse(key.accountDataContent());
    expect(passphrase).toMatchObject({ algorithm: "m.pbkdf2", iterations: 500_000 });
    const derived = await deriveRecoveryKeyFromPassphrase(
      "correct horse",
      passphrase.salt,
      passphrase.iterations,
    );
    expect(encodeRecoveryKey(derived)).toBe(key.toBase58());
  });

  test("open a key that matrix-js-sdk has described", async () => {
    const raw = new Uint8Array(32).fill(9);
    const { storage, accountData } = jsSdk(raw, {});
    const { keyId } = await storage.addKey("m.secret_storage.v1.aes-hmac-sha2", { key: raw });
    const type = `m.secret_storage.key.${keyId}`;
    const key = SecretStorageKey.fromAccountData(
      encodeRecoveryKey(raw) as string,
      type,
      JSON.stringify(accountData[type]),
    );
    await storage.store(NAME, "secret", [keyId]);
    expect(key.decrypt(JSON.stringify(accountData[NAME]), NAME)).toBe("secret");
  });
});

describe("SecretStorageKey.fromAccountData", () => {
  const key = SecretStorageKey.createFromPassphrase("open sesame");
  const restore = (input: string, content: object = JSON.parse(key.accountDataContent())) =>
    SecretStorageKey.fromAccountData(input, key.eventType(), JSON.stringify(content));

  test("takes the passphrase or the recovery key, with or without its spaces", () => {
    for (const input of ["open sesame", key.toBase58(), key.toBase58().replaceAll(" ", "")]) {
      const restored = restore(input);
      expect(restored.keyId()).toBe(key.keyId());
      expect(restored.decrypt(key.encrypt("secret", NAME), NAME)).toBe("secret");
      expect(restored.accountDataContent()).toBe(key.accountDataContent());
    }
  });

  test("refuses what is not the key, with a reason", () => {
    const mistyped = key.toBase58().replace(/.$/, (last) => (last === "a" ? "b" : "a"));
    expect(() => restore("open says me")).toThrow("not the key");
    expect(() => restore(SecretStorageKey.createRandomKey().toBase58())).toThrow("not the key");
    const { passphrase: _, ...random } = JSON.parse(key.accountDataContent());
    expect(() => restore(mistyped, random)).toThrow(/parity|prefix|length/);
    expect(() => restore("0OIl", random)).toThrow("base58");
    expect(() => restore(key.toBase58(), { ...random, algorithm: "m.other" })).toThrow("m.other");
    expect(() => SecretStorageKey.fromAccountData(key.toBase58(), "m.room.message", "{}")).toThrow(
      "m.room.message",
    );
    expect(() => SecretStorageKey.fromAccountData(key.toBase58(), key.eventType(), "nonsense")).toThrow(
      "JSON",
    );
  });

  test("takes an unverifiable description at its word, as the specification says", () => {
    const { iv: _iv, mac: _mac, ...bare } = JSON.parse(key.accountDataContent());
    expect(restore(key.toBase58(), bare).toBase58()).toBe(key.toBase58());
  });
});

describe("SecretStorageKey.decrypt", () => {
  const key = SecretStorageKey.createRandomKey();
  const secret = key.encrypt("secret", NAME);

  test("refuses another name, another key and changed data, with an Error and a code", () => {
    const changed = secret.replace(
      /"ciphertext":"./,
      (text) => text.slice(0, -1) + (text.endsWith("A") ? "B" : "A"),
    );
    const attempts = [
      () => key.decrypt(secret, "m.cross_signing.master"),
      () => SecretStorageKey.createRandomKey().decrypt(secret, NAME),
      () => key.decrypt(changed, NAME),
      () => key.decrypt("{}", NAME),
      () => key.decrypt("not JSON", NAME),
    ];
    for (const attempt of attempts) {
      expect(attempt).toThrow(expect.objectContaining({ code: "ERR_SECRET_STORAGE" }));
    }
  });

  test("clears bit 63 of the IV", () => {
    for (let i = 0; i < 32; i++) {
      const { encrypted } = JSON.parse(key.encrypt("", NAME));
      expect(Buffer.from(encrypted[key.keyId()].iv, "base64").readUInt8(8) & 0x80).toBe(0);
    }
  });
});

test("SecretStorageItems names the key that is missing", () => {
  expect(() => new SecretStorageItems({ masterKey: "{}", userSigningKey: "{}" })).toThrow(
    "missing self signing key",
  );
});
