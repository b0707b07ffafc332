import * as z from "zod/mini";
import { described, shortDuration } from "../../model/settings.ts";

/** Voicemail as Asterisk's app_voicemail keeps it in files. */
export const settings = z.strictObject({
  type: z.literal("asterisk"),
  spool: described(
    "Asterisk's voicemail folder.",
    z._default(z.string().check(z.minLength(1)), "/var/spool/asterisk/voicemail"),
  ),
  mailboxes: described(
    "Whose messages, each as mailbox@context.",
    z
      .array(
        z
          .string()
          .check(
            z.regex(/^[\w*#+-][\w*#+.-]*@[\w+-][\w+.-]*$/, "a mailbox and its context such as 100@default"),
          ),
      )
      .check(z.minLength(1)),
  ),
  folders: described(
    "Folders of a mailbox that are looked at; Urgent has what callers marked as urgent.",
    z._default(
      z
        .array(z.string().check(z.regex(/^\w[\w.-]*$/, "a folder of a mailbox such as INBOX")))
        .check(z.minLength(1)),
      ["INBOX", "Urgent"],
    ),
  ),
  rescan: described(
    "How often all is looked through besides what the system tells at once; over a network it tells nothing.",
    z.prefault(shortDuration, "30s"),
  ),
});

export type AsteriskSettings = z.infer<typeof settings>;
