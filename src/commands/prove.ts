import { Command } from "commander";
import type { Emitted } from "../service/operations.ts";
import type { Found } from "../service/prove/look.ts";
import type { Cleaned } from "../service/prove/operation.ts";
import type { PlaceReport, ProofReport } from "../service/prove/prove.ts";
import type { CommonOptions, Context } from "./shared/context.ts";
import { type DatabaseFlags, namedDatabase, withDatabaseOptions } from "./shared/database-flags.ts";
import { perform } from "./shared/holder.ts";
import { printJson, printText, say, wholeNumber } from "./shared/output.ts";

interface ProveFlags extends CommonOptions, DatabaseFlags {
  room: string;
  media?: string;
  logs?: string[];
  timeout: string;
}

export function command(context: Context): Command {
  const sending = new Command("prove")
    .description("send a canary, and look for it in all that the homeserver has written")
    .requiredOption("--room <room>", "where it is sent: room ID, alias, or @user; its members see it");
  return withDatabaseOptions(sending)
    .option("--media <directory>", "its media store")
    .option("--logs <file...>", "its logs; rotated and packed ones too")
    .option("--timeout <seconds>", "how long to wait until the homeserver has written", "30")
    .action((flags: ProveFlags) => prove(context, flags));
}

async function prove(context: Context, flags: ProveFlags): Promise<void> {
  const { room, media, logs } = flags;
  const timeoutMs = wholeNumber(flags.timeout, "--timeout") * 1000;
  const { openPlaces, prove } = await import("../service/prove/prove.ts");
  const named = {
    ...namedDatabase(flags),
    ...(media && { media }),
    ...(logs && { logs }),
  };
  const places = await openPlaces(named);
  let report: ProofReport | undefined;
  const emit = async (message: Emitted): Promise<void> => {
    if (message.kind !== "canaries") return;
    report = await prove(message, places, named, {
      ...{ timeoutMs, signal: context.signal },
      onPlace: (name) => flags.json || say(context, `looking through the ${name} …`),
    });
  };
  const cleaned = await perform<Cleaned>(context, flags, { operation: "prove", args: { room }, emit });
  if (!report) return;
  if (flags.json) printJson(context, { ...report, ...cleaned });
  else for (const line of linesOf(report, cleaned)) printText(context, line);
  if (report.hits > 0) process.exitCode = 1;
  else if (report.places.some(({ result }) => result === "not-checked")) process.exitCode = 3;
}

const MARKS: Record<PlaceReport["result"], string> = { pass: "✓", fail: "✗", "not-checked": "-" };

function linesOf(
  { canary, control, places, known, knownUnread }: ProofReport,
  { trouble }: Cleaned,
): string[] {
  return [
    ...places.flatMap(placeLines),
    "",
    `sent encrypted to ${canary.roomId}: "${canary.title}", ${canary.eventId}`,
    `sent in clear to ${control.roomId}, which is left and forgotten: ${control.eventId}`,
    ...trouble.map((what) => `  ${what}`),
    `  the homeserver keeps ${control.mxcUri} until an admin deletes it:`,
    `  DELETE /_synapse/admin/v1/media/${control.mxcUri.slice("mxc://".length)}`,
    ...(known ? ["", "what the homeserver knows of the encrypted one:"] : []),
    ...(knownUnread ? ["", `what the homeserver knows of it could not be read: ${knownUnread.why}`] : []),
    ...(known ?? []).map(({ what, value }) => `  ${what}: ${value}`),
  ];
}

function placeLines({ place, result, bytes, found, controlFound, reason, cure }: PlaceReport): string[] {
  const size = `${(bytes / 1e6).toFixed(1)} MB`;
  const says = {
    pass: `nothing of the encrypted one in ${size}; of the clear one ${[...new Set(controlFound.map(({ what }) => what))].join(", ")}`,
    fail: `something of the encrypted one is here in clear, in ${size}`,
    "not-checked": `${reason}`,
  }[result];
  return [
    `${MARKS[result]} ${place.padEnd(9)} ${says}`,
    ...found.map((one) => `  ${"".padEnd(9)} ${foundLine(one)}`),
    ...(cure ? [`  ${"".padEnd(9)} ${cure}`] : []),
  ];
}

const foundLine = ({ what, encoding, where, count }: Found): string =>
  `${what} (${encoding}), ${count === 1 ? "once" : `${count} times`}: ${where}`;
