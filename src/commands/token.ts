import { createHash, randomBytes } from "node:crypto";
import { Command } from "commander";
import { SottoError } from "../errors.ts";
import type { CommonOptions, Context } from "./shared/context.ts";
import { printJson, printText, say } from "./shared/output.ts";

interface TokenFlags extends CommonOptions {
  name: string;
}

const TOKEN_BYTES = 32;

export function command(context: Context): Command {
  return new Command("token")
    .description("make a bearer token for the http connector; nothing is kept of it")
    .option("--name <name>", "whose token it is to be, in the config", "doorbell")
    .action((flags: TokenFlags) => makeToken(context, flags));
}

/** The token is shown once; the config needs its hash alone. */
async function makeToken(context: Context, { name, json }: TokenFlags): Promise<void> {
  const { TOKEN_NAME } = await import("../connector/index.ts");
  if (!TOKEN_NAME.test(name))
    throw new SottoError("USAGE", "--name takes lower-case letters, digits and hyphens", {
      cure: "name it after who will use it, such as doorbell",
    });
  // the prefix tells people, and those who look for secrets in files, what it is; 43 characters are what the log hides
  const token = `sotto.${randomBytes(TOKEN_BYTES).toString("base64url")}`;
  const sha256 = createHash("sha256").update(token).digest("hex");
  if (json) {
    printJson(context, { token, name, sha256 });
    return;
  }
  printText(context, token);
  say(
    context,
    "this is shown once; give it to who sends. In the config, under `tokens` of the http connector:",
  );
  say(context, `  - { name: ${name}, sha256: ${sha256} }`);
}
