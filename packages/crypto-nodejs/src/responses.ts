import * as wasm from "@matrix-org/matrix-sdk-crypto-wasm";
import { ShieldState } from "./encryption.ts";
import { fromEngine } from "./from-engine.ts";
import { DeviceId, UserId } from "./identifiers.ts";

/** A decrypted room event. Nothing in it about the sender can be trusted unless `shieldState` says so. */
export class DecryptedRoomEvent {
  readonly #inner: wasm.DecryptedRoomEvent;

  /** JSON. */
  readonly event: string;

  /** @internal */
  constructor(inner: wasm.DecryptedRoomEvent) {
    this.#inner = fromEngine(wasm.DecryptedRoomEvent, inner);
    this.event = inner.event;
  }

  get sender(): UserId | null {
    return new UserId(this.#inner.sender.toString());
  }

  get senderDevice(): DeviceId | null {
    const device = this.#inner.senderDevice;
    return device ? new DeviceId(device.toString()) : null;
  }

  get senderCurve25519Key(): string | null {
    return this.#inner.senderCurve25519Key;
  }

  get senderClaimedEd25519Key(): string | null {
    return this.#inner.senderClaimedEd25519Key ?? null;
  }

  get forwardingCurve25519KeyChain(): string[] {
    return this.#inner.forwardingCurve25519KeyChain;
  }

  /** As of the moment of decryption. `strict` is for clients that do not accept unverified identities. */
  shieldState(strict: boolean): ShieldState | null {
    return new ShieldState(this.#inner.shieldState(strict));
  }
}
