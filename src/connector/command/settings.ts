import * as z from "zod/mini";
import { described, shortDuration } from "../../model/settings.ts";

const argument = z.string().check(z.regex(/^[^\0]*$/, "an argument without a zero byte"));

export const settings = z.strictObject({
  type: z.literal("command"),
  run: described(
    "The program and its arguments, as they are: no shell, and nothing is put into them. What is known of a message is in its environment.",
    z.tuple([argument.check(z.minLength(1))], argument),
  ),
  timeout: described(
    "How long it may take for one message; then it is killed.",
    z.prefault(shortDuration, "60s"),
  ),
});

export type CommandSettings = z.infer<typeof settings>;
