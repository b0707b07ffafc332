import { isOwnAddress, manual } from "../known.ts";
import { defineRule } from "../rule.ts";

export const tls = defineRule({
  id: "SOTTO-SRV-027",
  title: "Clients are sent to an address with TLS",
  severity: "critical",
  rationale:
    "Without TLS access tokens and all that is not encrypted end to end can be read and changed on the way.",
  how: '`curl "$HS/.well-known/matrix/client"` (base_url must begin with https)',
  cure: "set `public_baseurl` in homeserver.yaml to the https address of the reverse proxy and restart Synapse",
  references: ["https://spec.matrix.org/v1.19/client-server-api/#well-known-uris", manual("public_baseurl")],
  since: "0.1.0",
  about: "homeserver",
  readsNames: true,
  reads: ({ publicUrl }) => publicUrl,
  check(url) {
    if (isOwnAddress(url))
      return [{ result: "not-applicable", message: "the homeserver is for this machine only" }];
    return URL.parse(url)?.protocol === "https:"
      ? []
      : [{ result: "fail", message: `clients are sent to ${url}, which has no TLS` }];
  },
});
