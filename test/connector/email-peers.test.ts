import { execFile, execFileSync } from "node:child_process";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { promisify } from "node:util";
import { describe, expect, it } from "vitest";
import { recording, startMail } from "../support/mail.ts";
import { temporaryDirectory } from "../support/temporary.ts";

// Programs that others use to send mail.

const run = promisify(execFile);

const hasSwaks = (() => {
  try {
    execFileSync("swaks", ["--version"], { stdio: "ignore" });
    return true;
  } catch {
    return false;
  }
})();
if (!hasSwaks) console.warn("skipped: swaks is not installed (apt install swaks)");

describe.skipIf(!hasSwaks)("swaks", () => {
  it.each(["SMTP", "ESMTP", "LMTP"])("sends a voicemail by %s", async (protocol) => {
    const { intake, port } = await startMail({ protocol: protocol === "LMTP" ? "lmtp" : "smtp" });
    const content = recording(100_000);
    const file = join(temporaryDirectory(), "msg0001.wav");
    writeFileSync(file, content);
    const { stdout } = await run("swaks", [
      ...["--server", "127.0.0.1", "--port", String(port), "--protocol", protocol],
      ...["--from", "pbx@example.org", "--to", "voicemail@sotto.local,door@sotto.local"],
      ...["--header", "X-Asterisk-CallerID: 100", "--attach-type", "audio/x-wav", "--attach", `@${file}`],
    ]);
    expect(stdout).toContain("250 OK: 1 recording taken");
    expect(intake.taken).toEqual([
      expect.objectContaining({ bytes: content, about: expect.objectContaining({ caller: "100" }) }),
    ]);
  });
});
