import { expect, it } from "vitest";
import { parseMessageFile, provenanceOf } from "../../src/connector/asterisk/message-file.ts";
import { temporaryDirectory } from "../support/temporary.ts";
import { VoicemailSpool } from "../support/voicemail-spool.ts";

it.each([
  ["+15550100", "+15550100"],
  ['"Alice"', "Alice"],
  ['"" <+15550100>', "+15550100"],
  ['"+15550100" <+15550100>', "+15550100"],
  ["Bob <101>", "Bob (101)"],
  ['"Unknown" <+15550100>', "+15550100"],
  ["Unknown", undefined],
  ['"unknown" <unknown>', undefined],
  ["", undefined],
  ['"A\u202ecilA\u0007" <1>', "A cilA (1)"],
])("reads the caller %j as %j", (callerid, caller) => {
  const text = Buffer.from(`${new VoicemailSpool(temporaryDirectory()).text({ callerid })}duration=4\n`);
  const about = provenanceOf(parseMessageFile(text)!, { mailbox: "100@default", name: "INBOX" });
  expect(about.caller).toBe(caller);
});

it("reads no more of a caller than anybody has a name", () => {
  const text = Buffer.from(`[message]\ncallerid=x${" ".repeat(60_000)}x\nduration=4\n`);
  const about = provenanceOf(parseMessageFile(text)!, { mailbox: "100@default", name: "INBOX" });
  expect(about.caller).toBe("x");
});

it("reads a name in Latin-1, and knows when nobody knows the time", () => {
  const text = "[message]\ncallerid=J\u00fcrgen\norigtime=\nduration=1\n";
  const about = provenanceOf(parseMessageFile(Buffer.from(text, "latin1"))!, {
    mailbox: "1@a",
    name: "Urgent",
  });
  expect(about).toEqual({ caller: "J\u00fcrgen", note: "mailbox 1@a, urgent" });
});
