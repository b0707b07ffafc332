import { z } from "zod/mini";
import { connectorType } from "../../src/connector/index.ts";
import type { Intake, VoiceDescription } from "../../src/model/connector.ts";

/** A connector in the test's own hands. */
export class Hand {
  readonly delivered: (VoiceDescription & { bytes: Buffer })[] = [];
  /** Thrown by the next deliveries, one each. */
  readonly refusals: Error[] = [];
  intake!: Intake;
  readonly #waiting = new Set<() => void>();

  readonly type = connectorType({
    type: "hand",
    description: "In a test's hands.",
    settings: z.strictObject({ type: z.literal("hand") }),
    load: async () => () => ({
      start: async (intake) => {
        this.intake = intake;
      },
      deliver: async ({ stream, ...description }) => {
        const bytes = Buffer.concat(await Array.fromAsync(stream()));
        const refusal = this.refusals.shift();
        for (const tell of this.#waiting) tell();
        if (refusal) throw refusal;
        this.delivered.push({ ...description, bytes });
      },
    }),
  });

  /** Resolves when so many were delivered. */
  async count(wanted: number): Promise<void> {
    while (this.delivered.length < wanted) {
      await new Promise<void>((resolve) => {
        this.#waiting.add(resolve);
        setImmediate(() => this.delivered.length >= wanted && resolve());
      });
      await new Promise(setImmediate);
    }
  }
}
