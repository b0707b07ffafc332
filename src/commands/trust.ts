import { Command } from "commander";
import { SottoError } from "../errors.ts";
import { groupsOfFour, parseFingerprint } from "../model/fingerprint.ts";
import { NO_IDENTITY, type TrustStatus } from "../service/trust.ts";
import type { CommonOptions, Context } from "./shared/context.ts";
import { perform } from "./shared/holder.ts";
import { requireRoomId, requireUserId } from "./shared/ids.ts";
import { printJson, printText, say } from "./shared/output.ts";
import { confirmed } from "./shared/questions.ts";

interface AcceptFlags extends CommonOptions {
  room?: string;
  fingerprint?: string;
}

export function command(context: Context): Command {
  const accept = new Command("accept")
    .description("accept a user's changed identity, or a new member, once the fingerprint was compared")
    .argument("<user>", "the user, e.g. @ops:example.org")
    .option("--room <roomId>", "as a member of this room only")
    .option(
      "--fingerprint <key>",
      `ask nothing if the user's master key is this one; "${NO_IDENTITY}" for none`,
    )
    .action((user: string, _flags: unknown, own: Command) =>
      acceptUser(context, user, own.optsWithGlobals<AcceptFlags>()),
    );
  return new Command("trust").description("say whom to trust").addCommand(accept);
}

async function acceptUser(context: Context, userId: string, flags: AcceptFlags): Promise<void> {
  requireUserId(userId);
  if (flags.room !== undefined) requireRoomId(flags.room);
  if (flags.fingerprint === undefined && !context.interactive) {
    throw new SottoError("USAGE", "nobody is here to compare the fingerprint", {
      cure: "give the one that was compared, with --fingerprint",
    });
  }
  const given = fingerprintOf(flags);
  const where = flags.room === undefined ? {} : { room: flags.room };
  const trust = (more: { fingerprint?: string }) =>
    perform<TrustStatus>(context, flags, { operation: "trust", args: { userId, ...where, ...more } });
  const status = given === undefined ? await trust({}) : undefined;
  if (status && !isWaiting(status)) return report(context, flags, status);
  const fingerprint = given ?? (await compared(context, status!));
  report(context, flags, await trust({ fingerprint }));
}

function report(context: Context, flags: AcceptFlags, status: TrustStatus): void {
  if (flags.json) {
    printJson(context, status);
    return;
  }
  say(context, wordsFor(status));
  if (isWaiting(status)) printText(context, groupsOfFour(status.masterKey ?? NO_IDENTITY));
}

const isWaiting = ({ identityChanged, newIn }: TrustStatus): boolean => identityChanged || newIn.length > 0;

/** Shows the fingerprint; gives it back once the person has said yes. */
async function compared(context: Context, status: TrustStatus): Promise<string> {
  const { userId, masterKey, identityChanged, wasVerified, newIn } = status;
  if (identityChanged) say(context, `The identity of ${userId} is not the one that was known.`);
  if (identityChanged && wasVerified) say(context, "It was verified; accepting the new one gives that up.");
  for (const roomId of newIn)
    say(context, `${userId} came to ${roomId}, and nobody has accepted them there.`);
  say(
    context,
    masterKey === null ? `${userId} has no identity.` : "The fingerprint, as the homeserver shows it:",
  );
  if (masterKey !== null) say(context, `  ${groupsOfFour(masterKey)}`);
  say(context, "Compare it with the person by another way. A homeserver can show a false one.");
  if (!(await confirmed(context, "Accept it?")))
    throw new SottoError("NOT_CONFIRMED", `${userId} was not accepted`, {
      cure: "nothing was changed; run it again once the fingerprint was compared",
    });
  return masterKey ?? NO_IDENTITY;
}

function wordsFor({ userId, identityChanged, newIn }: TrustStatus): string {
  const done = [identityChanged && "the identity", newIn.length > 0 && `as a member of ${newIn.join(", ")}`];
  const said = done.filter(Boolean).join(", and ");
  return said ? `accepted ${userId}: ${said}` : `nothing of ${userId} waits to be accepted`;
}

function fingerprintOf({ fingerprint }: AcceptFlags): string | undefined {
  if (fingerprint === undefined || fingerprint === NO_IDENTITY) return fingerprint;
  return parseFingerprint(fingerprint);
}
