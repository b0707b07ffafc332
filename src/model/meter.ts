/** How a voice message ended. */
export type MessageResult = "sent" | "failed";

/**
 * Where the work is counted, whoever reads the numbers. Counting neither fails nor waits. What distinguishes the numbers
 * is a word of the config or of the code: never a room, a user, a number of a telephone.
 */
export interface Meter {
  /**
   * A voice message is in its room, or was given up.
   *
   * @param source the connector's name in the config; `room` for what came out of a room; `command` for what somebody sent
   */
  messageEnded(source: string, result: MessageResult): void;
  /** A recording was encoded anew, in so many seconds from its first byte on. */
  transcoded(seconds: number): void;
  /** An attempt at a request of the homeserver has ended; `method` is what was called, as `rooms/send`. */
  apiCalled(method: string, failed: boolean): void;
  /** An upload got no answer, and was made again: a ciphertext may lie on the homeserver that nothing refers to. */
  uploadUnreferenced(): void;
}

/** For whoever wants no numbers. */
export const silentMeter: Meter = {
  messageEnded() {},
  transcoded() {},
  apiCalled() {},
  uploadUnreferenced() {},
};
