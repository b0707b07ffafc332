import { readPublishedKeys } from "../../crypto/index.ts";
import { SottoError } from "../../errors.ts";
import { publishedKeysOf } from "../../matrix/facts/index.ts";
import { serverNameOf, type UserId } from "../../model/ids.ts";
import type { Account } from "../account.ts";

/**
 * Asked right before somebody is removed: they may have made an identity or signed their devices since that was planned.
 * Who lacks something else by now is not removed for it before another plan says so.
 *
 * @throws SottoError where nobody can say: then nobody is removed
 */
export async function stillLacks(
  { transport }: Account,
  { userId, lacks }: { userId: UserId; lacks: "identity" | "signatures" },
): Promise<boolean> {
  const { answer, unreachable } = await publishedKeysOf(transport, [userId], {});
  const keys = unreachable.has(serverNameOf(userId)) ? undefined : readPublishedKeys(answer, userId);
  if (keys === undefined)
    throw new SottoError("HOMESERVER_ERROR", `the homeserver does not show the keys of ${userId} now`);
  const inUse = keys.devices.filter(({ keys, isDehydrated }) => keys !== undefined && !isDehydrated);
  if (lacks === "identity") return keys.identity === null && inUse.length > 0;
  return inUse.some(({ isCrossSigned }) => !isCrossSigned);
}
