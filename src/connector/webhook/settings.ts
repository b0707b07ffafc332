import * as z from "zod/mini";
import { described, shortDuration } from "../../model/settings.ts";

const path = z.string().check(z.minLength(1));

export const settings = z
  .strictObject({
    type: z.literal("webhook"),
    url: described(
      "Where messages are posted to: https, or http to this machine.",
      z.optional(z.url({ protocol: /^https?$/ })),
    ),
    urlFile: described("A file with the URL, where it is a secret itself.", z.optional(path)),
    secretFile: described(
      "A file with the secret that signs them, `whsec_…` or at least 24 bytes of any text; while it is changed, the new and the old one on a line each.",
      path,
    ),
    timeout: described("The longest silence of the receiver.", z.prefault(shortDuration, "30s")),
  })
  .check(
    z.refine(({ url, urlFile }) => (url === undefined) !== (urlFile === undefined), {
      error: "give either url or urlFile",
    }),
  );

export type WebhookSettings = z.infer<typeof settings>;
