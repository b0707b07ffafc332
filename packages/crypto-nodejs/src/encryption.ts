/** How a room is encrypted, and what the engine says of the sender of a decrypted event. */
import * as wasm from "@matrix-org/matrix-sdk-crypto-wasm";
import {
  CollectStrategy,
  EncryptionAlgorithm,
  HistoryVisibility,
  ShieldColor,
  ShieldStateCode,
  sameName,
} from "./enums.ts";
import { fromEngine } from "./from-engine.ts";

/** Settings of an encrypted room, to share a room key with. */
export class EncryptionSettings {
  algorithm: EncryptionAlgorithm = EncryptionAlgorithm.MegolmV1AesSha2;

  /**
   * How long a session is used, in **microseconds**, as in the native package. `rotation_period_ms` of the room has
   * milliseconds. The engine raises anything below an hour to an hour.
   */
  rotationPeriod: bigint = 604_800_000_000n;

  /** How many messages a session is used for; encrypting more without a new share is refused. */
  rotationPeriodMessages: bigint = 100n;

  historyVisibility: HistoryVisibility = HistoryVisibility.Shared;

  sharingStrategy: CollectStrategy = CollectStrategy.AllDevices;

  #errorOnProblem = false;

  /** @deprecated 0.4's switch for what is now `CollectStrategy.OnlyTrustedDevices`. */
  get onlyAllowTrustedDevices(): boolean {
    return this.sharingStrategy === CollectStrategy.OnlyTrustedDevices;
  }

  set onlyAllowTrustedDevices(only: boolean) {
    if (only) this.sharingStrategy = CollectStrategy.OnlyTrustedDevices;
    else if (this.onlyAllowTrustedDevices) this.sharingStrategy = this.#withUntrusted();
  }

  /**
   * @deprecated 0.4's switch for what is now `CollectStrategy.ErrorOnVerifiedUserProblem`; the other one goes first.
   */
  get errorOnVerifiedUserProblem(): boolean {
    return this.#errorOnProblem || this.sharingStrategy === CollectStrategy.ErrorOnVerifiedUserProblem;
  }

  set errorOnVerifiedUserProblem(error: boolean) {
    this.#errorOnProblem = error;
    if (error || this.sharingStrategy === CollectStrategy.ErrorOnVerifiedUserProblem) {
      if (!this.onlyAllowTrustedDevices) this.sharingStrategy = this.#withUntrusted();
    }
  }

  #withUntrusted(): CollectStrategy {
    return this.#errorOnProblem ? CollectStrategy.ErrorOnVerifiedUserProblem : CollectStrategy.AllDevices;
  }

  /** @internal */
  get engine(): wasm.EncryptionSettings {
    const settings = new wasm.EncryptionSettings();
    settings.algorithm = sameName(this.algorithm, EncryptionAlgorithm, wasm.EncryptionAlgorithm);
    settings.rotationPeriod = this.rotationPeriod;
    settings.rotationPeriodMessages = this.rotationPeriodMessages;
    settings.historyVisibility = sameName(this.historyVisibility, HistoryVisibility, wasm.HistoryVisibility);
    settings.sharingStrategy = engineStrategy(this.sharingStrategy);
    return settings;
  }
}

function engineStrategy(strategy: CollectStrategy): wasm.CollectStrategy {
  switch (strategy) {
    case CollectStrategy.AllDevices:
      return wasm.CollectStrategy.allDevices();
    case CollectStrategy.ErrorOnVerifiedUserProblem:
      return wasm.CollectStrategy.errorOnUnverifiedUserProblem();
    case CollectStrategy.IdentityBasedStrategy:
      return wasm.CollectStrategy.identityBasedStrategy();
    case CollectStrategy.OnlyTrustedDevices:
      return wasm.CollectStrategy.onlyTrustedDevices();
    default:
      throw new RangeError(`${strategy satisfies never} is not a CollectStrategy`);
  }
}

/** What to show beside a message, and why. */
export class ShieldState {
  color: ShieldColor;
  code: ShieldStateCode;
  message?: string;

  /** @internal */
  constructor(inner: wasm.ShieldState) {
    const { color, code, message } = fromEngine(wasm.ShieldState, inner);
    this.color = sameName(color, wasm.ShieldColor, ShieldColor);
    this.code =
      code === undefined ? ShieldStateCode.None : sameName(code, wasm.ShieldStateCode, ShieldStateCode);
    if (message !== undefined) this.message = message;
  }
}
