import { expect, it } from "vitest";
import { startSotto } from "../../support/sotto.ts";
import { temporaryDirectory } from "../../support/temporary.ts";

it("a password is never shown, not even to who types at once", async () => {
  const folder = temporaryDirectory();
  const args = ["init", "--user", "@voice:example.org", "--homeserver", "http://127.0.0.1:9"];
  const init = startSotto(args, { cwd: folder, terminal: true });
  await init.says("password: ");
  init.types("correct horse\n");
  const { code, stderr } = await init.ended;
  expect(stderr).not.toContain("correct horse");
  expect(code).toBe(4); // what was typed has been read: it went on to the homeserver
});
