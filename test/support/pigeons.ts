import { z } from "zod/mini";
import { type ConnectorType, connectorType } from "../../src/connector/index.ts";
import { described, duration } from "../../src/model/settings.ts";

/** A kind of connector that no registry has, with settings of every shape. */
export const pigeons = connectorType({
  type: "pigeons",
  description: "Recordings that birds bring.",
  settings: z.strictObject({
    type: z.literal("pigeons"),
    loft: described("Where they land.", z.string().check(z.minLength(1), z.meta({ examples: ["./loft"] }))),
    ringFile: described("Their secret mark.", z.optional(z.string())),
    rest: described("Between two flights.", z.prefault(duration, "30s")),
    birds: described(
      "Each of them.",
      z
        ._default(z.array(z.strictObject({ name: z.string(), keyFile: z.optional(z.string()) })), [])
        .check(z.meta({ examples: [[{ name: "Gustav" }]] })),
    ),
  }),
  load: async () => {
    throw new Error("nobody flies here");
  },
});

export const PIGEONS: readonly ConnectorType[] = [pigeons];
