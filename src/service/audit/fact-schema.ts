import * as z from "zod/mini";
import type { Fact } from "../../model/facts.ts";

/** Either value or reason, and not both. */
export const fact = <T>(value: z.ZodMiniType<T>): z.ZodMiniType<Fact<T>> =>
  z.union([
    z.strictObject({ value }),
    z.strictObject({ unread: z.string(), notAsked: z.optional(z.literal(true)) }),
  ]) as unknown as z.ZodMiniType<Fact<T>>;

/** Left out where it is not there, as the model has it. */
export const optional = <T extends z.ZodMiniType>(schema: T) => z.exactOptional(schema);
