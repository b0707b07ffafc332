import type { IncomingMessage } from "node:http";
import { type AddressList, UNIX } from "../../model/address-list.ts";

/**
 * Who asks: the one who is connected, or, where that is a trusted proxy, the last one in `X-Forwarded-For` who is not.
 * What stands left of that, anybody may have written.
 */
export function clientAddress(request: IncomingMessage, proxies: AddressList): string {
  const forwarded = request.headers["x-forwarded-for"];
  const hops = (typeof forwarded === "string" ? forwarded : "")
    .split(",")
    .map((hop) => hop.trim())
    .filter(Boolean);
  let address = request.socket.remoteAddress ?? UNIX;
  while (hops.length > 0 && proxies.has(address)) address = hops.pop()!;
  return address;
}
