import * as z from "zod/mini";
import { described } from "../../model/settings.ts";

export const archiveSettings = z.strictObject({
  type: z.literal("archive"),
  path: described(
    "The folder, which must be there, and no other connector's: voice messages lie in it in clear.",
    z.string().check(z.minLength(1)),
  ),
});

export type ArchiveSettings = z.infer<typeof archiveSettings>;
