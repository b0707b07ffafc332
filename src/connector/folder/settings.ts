import * as z from "zod/mini";
import { described, shortDuration } from "../../model/settings.ts";

const path = z.string().check(z.minLength(1));

export const folderSettings = z.strictObject({
  type: z.literal("folder"),
  path: described(
    "The folder. It must be there: where a disk is missing, nothing is made in its place.",
    path,
  ),
  pattern: described(
    "Only recordings of such a name, as *.wav: * is anything, ? one character, large and small letters are the same.",
    z.optional(z.string().check(z.regex(/^[^/]+$/, "a name with * and ?, without a folder"))),
  ),
  subfolders: described("Look into folders in it too.", z._default(z.boolean(), false)),
  settle: described(
    "A recording is taken when its size and its time have not changed for so long, and nobody is seen writing to it.",
    z.prefault(shortDuration, "2s"),
  ),
  rescan: described(
    "How often to look without having been told: network file systems tell nothing. Also when to try again.",
    z.prefault(shortDuration, "30s"),
  ),
  after: described(
    "What becomes of a recording that was taken. With `leave`, each start reads all of them once.",
    z._default(z.enum(["move", "leave", "delete"]), "move"),
  ),
  doneFolder: described("Where it is moved then; `done` in the folder without this.", z.optional(path)),
  failedFolder: described(
    "Where recordings go that can never be sent, also with `delete`; `failed` in the folder without this.",
    z.optional(path),
  ),
  describe: described(
    "Beside each voice message that is written, a JSON file that says what is known of it.",
    z._default(z.boolean(), false),
  ),
});

/** What the connector is given: durations in milliseconds. */
export type FolderSettings = z.infer<typeof folderSettings>;
