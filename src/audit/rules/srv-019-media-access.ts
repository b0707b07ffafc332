import { manual } from "../known.ts";
import { defineRule } from "../rule.ts";

export const mediaAccess = defineRule({
  id: "SOTTO-SRV-019",
  title: "Media are given to those with an account only",
  severity: "medium",
  rationale:
    "Whoever learns an mxc address can fetch the file without an account: clear media as they are, encrypted ones to wait for the key.",
  how: "`grep enable_authenticated_media homeserver.yaml` (absent: true)",
  cure: "set `enable_authenticated_media: true` in homeserver.yaml and restart Synapse; media that were uploaded before stay as they are",
  references: [
    "https://spec.matrix.org/v1.19/client-server-api/#content-repository",
    manual("enable_authenticated_media"),
  ],
  since: "0.1.0",
  about: "homeserver",
  reads: ({ config }) => config,
  check({ isMediaAuthenticated }) {
    return isMediaAuthenticated
      ? []
      : [{ result: "fail", message: "media can be fetched without an account" }];
  },
});
