import { createHash, createPublicKey, type KeyObject, verify } from "node:crypto";
import type * as z from "zod/mini";
import type { Signer } from "./connector.ts";

/** A line that was read. */
export interface Signed<T> {
  value: T;
  isGenuine: boolean;
}

/**
 * A line: JSON with its signature as the last member. What is signed is the same line without that member, byte for byte,
 * so that it can be checked without this program.
 */
export function signedLine(value: object, signer: Signer): string {
  const clear = JSON.stringify(value);
  const signature = Buffer.from(signer.sign(Buffer.from(clear))).toString("base64");
  return `${clear.slice(0, -1)},"signature":"${signature}"}`;
}

/** Undefined where it is no such line. */
export function readSigned<T>(line: string, key: KeyObject, schema: z.ZodMiniType<T>): Signed<T> | undefined {
  const [, start, signature] = /^(\{.*),"signature":"([\w+/]+={0,2})"\}$/s.exec(line) ?? [];
  if (start === undefined || signature === undefined) return undefined;
  const clear = `${start}}`;
  const { data } = schema.safeParse(parsed(clear));
  if (data === undefined) return undefined;
  return { value: data, isGenuine: verify(null, Buffer.from(clear), key, Buffer.from(signature, "base64")) };
}

/** @throws where it is no Ed25519 key in PEM */
export function ed25519Key(publicKeyPem: string): KeyObject {
  const key = createPublicKey(publicKeyPem);
  if (key.asymmetricKeyType !== "ed25519") throw new Error("it is no Ed25519 key");
  return key;
}

export const sha256Of = (line: string): string => createHash("sha256").update(line).digest("hex");

function parsed(json: string): unknown {
  try {
    return JSON.parse(json);
  } catch {
    return undefined;
  }
}
