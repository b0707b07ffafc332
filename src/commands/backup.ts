import { readFileSync } from "node:fs";
import { resolve } from "node:path";
import { Command } from "commander";
import { configSource, loadConfig, readStoreKey } from "../config/index.ts";
import { SottoError } from "../errors.ts";
import { LEFT_OUT, openBackup } from "../service/backup.ts";
import { createPrivateFile, requireCreatable } from "../service/private-file.ts";
import type { CommonOptions, Context } from "./shared/context.ts";
import { perform } from "./shared/holder.ts";
import { printJson, printText, say } from "./shared/output.ts";

interface BackupFlags extends CommonOptions {
  out?: string;
  open?: string;
  storeKeyFile?: string;
}

export function command(context: Context): Command {
  return new Command("backup")
    .description("copy what may be copied into a file that the store key seals")
    .option("--out <file>", "where the copy goes; it must not be there")
    .option("--open <file>", "print what is in such a file, instead")
    .option("--store-key-file <file>", "for --open: the store key, if it is not the config's")
    .action((flags: BackupFlags) => backup(context, flags));
}

async function backup(context: Context, flags: BackupFlags): Promise<void> {
  if ((flags.out === undefined) === (flags.open === undefined)) {
    throw new SottoError("USAGE", "backup takes --out or --open", { cure: "give one of the two" });
  }
  if (flags.open !== undefined)
    return printJson(context, openBackup(read(flags.open), storeKey(context, flags)));
  const out = resolve(flags.out!);
  requireCreatable(out);
  const file = Buffer.from(
    await perform<string>(context, flags, { operation: "backup", args: {} }),
    "base64",
  );
  createPrivateFile(out, file);
  for (const [what, why] of LEFT_OUT) say(context, `left out: ${what} (${why})`);
  say(
    context,
    "to go on elsewhere: `sotto init` with --recovery-key-file makes a new device, signed by the same identity",
  );
  if (flags.json)
    printJson(context, { file: out, size: file.length, leftOut: LEFT_OUT.map(([what]) => what) });
  else printText(context, out);
}

function read(path: string): Uint8Array {
  try {
    return readFileSync(path);
  } catch (cause) {
    throw new SottoError("USAGE", `cannot read ${path}`, {
      cause,
      cure: "check the path and its permissions",
    });
  }
}

const storeKey = (context: Context, { config, storeKeyFile }: BackupFlags): Uint8Array =>
  storeKeyFile === undefined
    ? readStoreKey(loadConfig(configSource(config, context.env)))
    : read(storeKeyFile);
