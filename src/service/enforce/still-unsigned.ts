import { readPublishedKeys } from "../../crypto/index.ts";
import { SottoError } from "../../errors.ts";
import { publishedKeysOf } from "../../matrix/facts/index.ts";
import { serverNameOf, type UserId } from "../../model/ids.ts";
import type { Account } from "../account.ts";

/**
 * Asked right before somebody is removed: they may have signed their devices since that was planned.
 *
 * @throws SottoError where nobody can say: then nobody is removed
 */
export async function isStillUnsigned({ transport }: Account, userId: UserId): Promise<boolean> {
  const { answer, unreachable } = await publishedKeysOf(transport, [userId], {});
  const keys = unreachable.has(serverNameOf(userId)) ? undefined : readPublishedKeys(answer, userId);
  if (keys === undefined)
    throw new SottoError("HOMESERVER_ERROR", `the homeserver does not show the keys of ${userId} now`);
  const inUse = keys.devices.filter(({ keys, isDehydrated }) => keys !== undefined && !isDehydrated);
  return keys.identity === null ? inUse.length > 0 : inUse.some(({ isCrossSigned }) => !isCrossSigned);
}
