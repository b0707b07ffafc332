/**
 * The enums of matrix-sdk-crypto-nodejs 0.6.6, with its numbers. The engine numbers some of them differently, so values
 * cross over by name, never by number.
 */

export const EncryptionAlgorithm = { OlmV1Curve25519AesSha2: 0, MegolmV1AesSha2: 1 } as const;
export type EncryptionAlgorithm = ValueOf<typeof EncryptionAlgorithm>;

/** Which devices get the room key. `IdentityBasedStrategy` is what MSC4153 asks for. */
export const CollectStrategy = {
  AllDevices: 0,
  ErrorOnVerifiedUserProblem: 1,
  IdentityBasedStrategy: 2,
  OnlyTrustedDevices: 3,
} as const;
export type CollectStrategy = ValueOf<typeof CollectStrategy>;

export const ShieldColor = { Red: 0, Grey: 1, None: 2 } as const;
export type ShieldColor = ValueOf<typeof ShieldColor>;

export const ShieldStateCode = {
  AuthenticityNotGuaranteed: 0,
  UnknownDevice: 1,
  UnsignedDevice: 2,
  UnverifiedIdentity: 3,
  /** @deprecated 0.4's name for 4. No decrypted event ever has it: since 0.6, 4 means `MismatchedSender`. */
  SentInClear: 4,
  MismatchedSender: 4,
  VerificationViolation: 5,
  None: 6,
} as const;
export type ShieldStateCode = ValueOf<typeof ShieldStateCode>;

export const HistoryVisibility = { Invited: 0, Joined: 1, Shared: 2, WorldReadable: 3 } as const;
export type HistoryVisibility = ValueOf<typeof HistoryVisibility>;

export const DeviceKeyAlgorithmName = { Ed25519: 0, Curve25519: 1, Unknown: 2 } as const;
export type DeviceKeyAlgorithmName = ValueOf<typeof DeviceKeyAlgorithmName>;

/** The store of this package is SQLite as well, though not the native package's file. */
export const StoreType = { Sqlite: 0 } as const;
export type StoreType = ValueOf<typeof StoreType>;

export const RequestType = {
  KeysUpload: 0,
  KeysQuery: 1,
  KeysClaim: 2,
  ToDevice: 3,
  SignatureUpload: 4,
  RoomMessage: 5,
  KeysBackup: 6,
} as const;
export type RequestType = ValueOf<typeof RequestType>;

export const SignatureState = { Missing: 0, Invalid: 1, ValidButNotTrusted: 2, ValidAndTrusted: 3 } as const;
export type SignatureState = ValueOf<typeof SignatureState>;

type ValueOf<T> = T[keyof T];

/** An enum as an object: what TypeScript and wasm-bindgen emit also maps numbers back to names. */
type Enum<T> = { readonly [name: string]: T | string };

/** The member of `to` that has the name of `value` in `from`. */
export function sameName<T extends number>(value: number, from: Enum<number>, to: Enum<T>): T {
  const name = Object.keys(from).find((key) => from[key] === value);
  const member = name === undefined ? undefined : to[name];
  if (typeof member === "number") return member;
  throw new RangeError(`${name ?? value} has no counterpart among ${Object.keys(to).join(", ")}`);
}
