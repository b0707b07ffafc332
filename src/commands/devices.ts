import { Command } from "commander";
import { groupsOfFour } from "../model/fingerprint.ts";
import type { DevicesResult } from "../service/devices.ts";
import type { CommonOptions, Context } from "./shared/context.ts";
import { perform } from "./shared/holder.ts";
import { requireUserId } from "./shared/ids.ts";
import { printJson, printText } from "./shared/output.ts";

export function command(context: Context): Command {
  return new Command("devices")
    .description("show a user's devices, their fingerprints, and who has signed what")
    .argument("[user]", "the user ID (default: this account)")
    .action((user: string | undefined, flags: CommonOptions) => devices(context, user, flags));
}

async function devices(context: Context, user: string | undefined, flags: CommonOptions): Promise<void> {
  if (user !== undefined) requireUserId(user);
  const result = await perform<DevicesResult>(context, flags, { operation: "devices", args: { user } });
  if (flags.json) return printJson(context, result);
  for (const line of linesOf(result)) printText(context, line);
}

function linesOf({ userId, identity, devices, ownDeviceId }: DevicesResult): string[] {
  const lines = [userId];
  if (!identity) lines.push("  no cross-signing identity: there is nothing to verify");
  else {
    lines.push(`  master key  ${groupsOfFour(identity.masterKey)}`);
    lines.push(`  ${identity.verified ? "verified by us" : "not verified"}`);
    if (identity.changed)
      lines.push("  CHANGED since we knew it: compare the master key before anything else");
  }
  for (const device of devices) {
    const { deviceId, displayName, ed25519, firstSeenMs } = device;
    const name = displayName ? `  "${displayName}"` : "";
    lines.push("", `${deviceId}${name}${deviceId === ownDeviceId ? "  (this device)" : ""}`);
    lines.push(`  key         ${groupsOfFour(ed25519)}`);
    lines.push(`  ${standing(device)}`);
    if (firstSeenMs > 0) lines.push(`  first seen  ${new Date(firstSeenMs).toISOString()}`);
  }
  return lines;
}

function standing(device: DevicesResult["devices"][number]): string {
  const { signedByOwner, verified, locallyTrusted, dehydrated } = device;
  return [
    signedByOwner ? "signed by its owner's identity" : "NOT signed by its owner",
    verified && "verified by us",
    locallyTrusted && "trusted on this machine",
    dehydrated && "dehydrated",
  ]
    .filter(Boolean)
    .join(", ");
}
