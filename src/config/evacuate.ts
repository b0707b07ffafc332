import * as z from "zod/mini";
import { described, shortDuration } from "../model/settings.ts";
import { secretFile } from "./places.ts";

const argument = z.string().check(z.regex(/^[^\0]*$/, "an argument without a zero byte"));

/** What `sotto evacuate` says, and by which way besides the room. */
export const evacuateSchema = z.strictObject({
  message: described(
    "What the members are told where the command is given no --message.",
    z.optional(z.string().check(z.minLength(1), z.maxLength(4_000))),
  ),
  command: described(
    "A program and its arguments, as they are: it is started without a shell, with the text on its standard input; all of its environment that is Sotto's is SOTTO_ROOM_ID and SOTTO_IS_DRILL (true or false).",
    z.optional(z.tuple([argument.check(z.minLength(1))], argument)),
  ),
  webhook: described(
    "Where the text is posted to, signed as a webhook connector does it.",
    z.optional(
      z
        .strictObject({
          url: described("https, or http to this machine.", z.optional(z.url({ protocol: /^https?$/ }))),
          urlFile: described("A file with the URL, where it is a secret itself.", z.optional(secretFile)),
          secretFile: described("A file with the secret that signs it.", secretFile),
        })
        .check(
          z.refine(({ url, urlFile }) => (url === undefined) !== (urlFile === undefined), {
            error: "give either url or urlFile",
          }),
        ),
    ),
  ),
  timeout: described("How long each of the two may take.", z.prefault(shortDuration, "30s")),
});

export type EvacuateSettings = z.infer<typeof evacuateSchema>;

/** The same with every path absolute. */
export function absoluteEvacuate(
  { command, webhook, ...rest }: EvacuateSettings,
  at: (written: string, ...path: string[]) => string,
): EvacuateSettings {
  const [program, ...args] = command ?? [];
  const { url, urlFile, secretFile = "" } = webhook ?? {};
  return {
    ...rest,
    ...(program !== undefined && { command: [at(program, "evacuate", "command"), ...args] }),
    ...(webhook && {
      webhook: {
        ...(url !== undefined && { url }),
        ...(urlFile !== undefined && { urlFile: at(urlFile, "evacuate", "webhook", "urlFile") }),
        secretFile: at(secretFile, "evacuate", "webhook", "secretFile"),
      },
    }),
  };
}
