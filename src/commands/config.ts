import { Command } from "commander";
import { configSource } from "../config/index.ts";
import { asYaml, showConfig } from "../config/show.ts";
import { checkConfig, type Finding } from "../service/config-check.ts";
import type { CommonOptions, Context } from "./shared/context.ts";
import { printJson, printText, say } from "./shared/output.ts";

export function command(context: Context): Command {
  const config = new Command("config").description("look at the config; nobody is asked, nothing is changed");
  config
    .command("check")
    .description("whether it and the files that it names are right; exit code 2 if not")
    .action((_flags, sub: Command) => check(context, sub.optsWithGlobals()));
  config
    .command("show")
    .description("all files and the environment as one, with defaults, and where each value is said")
    .action((_flags, sub: Command) => show(context, sub.optsWithGlobals()));
  return config;
}

async function check(context: Context, flags: CommonOptions): Promise<void> {
  const { CONNECTORS } = await import("../connector/index.ts");
  const source = configSource(flags.config, context.env);
  const findings = await checkConfig(source, CONNECTORS);
  if (flags.json) printJson(context, { files: source.files, findings });
  else for (const finding of findings) printText(context, lineOf(finding));
  if (findings.length === 0) say(context, `nothing is wrong with ${source.files.join(", ")}`);
  if (findings.some(({ severity }) => severity === "error")) process.exitCode = 2;
}

const MARKS: Record<Finding["severity"], string> = { error: "✗", warning: "!" };

function lineOf({ severity, key, message, cure }: Finding): string {
  return `${MARKS[severity]} ${key ? `${key}: ` : ""}${message}${cure ? ` (${cure})` : ""}`;
}

async function show(context: Context, flags: CommonOptions): Promise<void> {
  const { CONNECTORS } = await import("../connector/index.ts");
  const shown = showConfig(configSource(flags.config, context.env), CONNECTORS);
  if (flags.json) printJson(context, shown);
  else for (const line of asYaml(shown).trimEnd().split("\n")) printText(context, line);
}
