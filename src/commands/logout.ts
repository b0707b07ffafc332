import { Command } from "commander";
import { configSource, loadConfig } from "../config/index.ts";
import { SottoError } from "../errors.ts";
import { logOut } from "../service/logout.ts";
import type { CommonOptions, Context } from "./shared/context.ts";
import { logger } from "./shared/holder.ts";
import { printJson, say } from "./shared/output.ts";
import { confirmed } from "./shared/questions.ts";

interface LogoutFlags extends CommonOptions {
  yes?: true;
}

export function command(context: Context): Command {
  return new Command("logout")
    .description("delete the device on the homeserver, and its store with it")
    .option("--yes", "ask nothing")
    .action((flags: LogoutFlags) => logout(context, flags));
}

async function logout(context: Context, flags: LogoutFlags): Promise<void> {
  const config = loadConfig(configSource(flags.config, context.env));
  const { userId, deviceId } = config.account;
  const confirm = async (waiting: number): Promise<void> => {
    if (waiting > 0)
      say(context, `${waiting} accepted and not yet sent would be lost: \`sotto run\` sends them`);
    if (flags.yes) return;
    if (!context.interactive) {
      throw new SottoError("USAGE", "nobody is here to confirm it", { cure: "give --yes" });
    }
    say(context, `device ${deviceId} of ${userId} is deleted, with the keys of all messages it has received`);
    if (!(await confirmed(context, "Go on?")))
      throw new SottoError("NOT_CONFIRMED", "not confirmed: nothing was deleted");
  };
  await logOut(config, logger(context, flags), confirm, context.signal);
  say(
    context,
    `device ${deviceId} and its store are gone; ${config.path}, the store key and the recovery key stay`,
  );
  if (flags.json) printJson(context, { userId, deviceId, config: config.path });
}
