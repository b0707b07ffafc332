import { SottoError } from "../errors.ts";
import type { DeviceId, RoomId, UserId } from "../model/ids.ts";
import { wasm } from "./engine.ts";

/** Where a verification stands. */
export type VerificationPhase =
  /** Asked for; the other side, or a person here, has not taken it up. */
  | "requested"
  /** Both take part; no method was chosen. */
  | "ready"
  /** By emoji; they are not there yet. */
  | "started"
  /** `emoji` and `decimals` are there: a person must compare. */
  | "comparing"
  /** Our QR code can be scanned. */
  | "showing"
  /** The other side says that it has scanned our code: a person must confirm that it did. */
  | "scanned"
  /** All is done here; the other side is waited for. */
  | "confirmed"
  | "done"
  | "cancelled";

export interface VerificationState {
  /** The request's event ID in a room, or its transaction ID between devices. */
  readonly id: string;
  readonly phase: VerificationPhase;
  readonly userId: UserId;
  /** Known once a device of theirs takes part. */
  readonly deviceId: DeviceId | undefined;
  /** Undefined for one of our own devices. */
  readonly roomId: RoomId | undefined;
  /** The other side asked. */
  readonly incoming: boolean;
  /** Seven, as the spec names them in English. */
  readonly emoji: readonly { symbol: string; description: string }[] | undefined;
  /** Three numbers from 1000 to 9191. */
  readonly decimals: readonly number[] | undefined;
  /** The spec's cancel code and its reason. */
  readonly cancelled: Cancelled | undefined;
}

export interface Cancelled {
  readonly code: string;
  readonly reason: string;
  readonly byUs: boolean;
}

/** A QR code to show. https://spec.matrix.org/v1.19/client-server-api/#qr-code-format */
export interface QrToShow {
  readonly bytes: Uint8Array;
  /** Modules in a row, without the quiet zone. */
  readonly size: number;
  /** Row by row, 1 for a dark module. */
  readonly modules: Uint8Array;
}

/** How we can take part. A code is shown, or scanned, only by who says beforehand that they can. */
export type VerificationMethods = "emoji" | "show" | "scan";

const METHODS: Record<VerificationMethods, () => wasm.VerificationMethod[]> = {
  emoji: () => [wasm.VerificationMethod.SasV1],
  show: () => [
    wasm.VerificationMethod.SasV1,
    wasm.VerificationMethod.QrCodeShowV1,
    wasm.VerificationMethod.ReciprocateV1,
  ],
  scan: () => [
    wasm.VerificationMethod.SasV1,
    wasm.VerificationMethod.QrCodeScanV1,
    wasm.VerificationMethod.ReciprocateV1,
  ],
};
export const engineMethods = (methods: VerificationMethods): wasm.VerificationMethod[] => METHODS[methods]();

export const isOver = ({ phase }: VerificationState): boolean => phase === "done" || phase === "cancelled";

/** What we say of a cancellation of our own. */
export const REASONS: Record<string, string> = {
  "m.user": "cancelled here",
  "m.timeout": "nobody answered in time",
  "m.mismatched_sas": "the emoji did not match",
  "m.key_mismatch": "the keys did not match",
};

/** What a verification that was cancelled is to whoever waited for it. */
export function cancelledError({ userId, cancelled }: VerificationState): SottoError {
  const { code = "m.user", reason = "", byUs = true } = cancelled ?? {};
  if (code === "m.timeout") {
    return new SottoError("TIMEOUT", `the verification with ${userId} was not finished in time`, {
      cause: code,
      cure: "begin again, with both people at their devices",
    });
  }
  const mismatch =
    code === "m.mismatched_sas" || code === "m.key_mismatch" || code === "m.mismatched_commitment";
  const who = byUs ? "here" : `by ${userId}`;
  return new SottoError(
    mismatch ? "VERIFICATION_MISMATCH" : "VERIFICATION_CANCELLED",
    `the verification with ${userId} was cancelled ${who}`,
    { cause: reason ? `${code}: ${reason}` : code },
  );
}
