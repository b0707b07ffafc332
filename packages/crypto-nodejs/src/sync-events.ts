import * as wasm from "@matrix-org/matrix-sdk-crypto-wasm";
import { engineUsers, type UserId } from "./identifiers.ts";

/**
 * `device_lists` of a sync response,
 * https://spec.matrix.org/latest/client-server-api/#tracking-the-device-list-for-a-user.
 */
export class DeviceLists {
  readonly #changed: readonly UserId[];
  readonly #left: readonly UserId[];

  constructor(changed?: UserId[] | null, left?: UserId[] | null) {
    this.#changed = [...(changed ?? [])];
    this.#left = [...(left ?? [])];
  }

  isEmpty(): boolean {
    return this.#changed.length === 0 && this.#left.length === 0;
  }

  get changed(): UserId[] {
    return [...this.#changed];
  }

  get left(): UserId[] {
    return [...this.#left];
  }

  /** @internal */
  get engine(): wasm.DeviceLists {
    return new wasm.DeviceLists(engineUsers(this.#changed), engineUsers(this.#left));
  }
}
