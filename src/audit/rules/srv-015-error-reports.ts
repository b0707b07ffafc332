import { manual } from "../known.ts";
import { defineRule } from "../rule.ts";

export const errorReports = defineRule({
  id: "SOTTO-SRV-015",
  title: "No error or trace of the homeserver goes elsewhere",
  severity: "medium",
  rationale:
    "Sentry gets errors with the values that were at hand, tracing gets each request with user, room and event: both see what a log should not hold.",
  how: "`grep -E '^sentry:|^opentracing:' -A3 homeserver.yaml`",
  cure: "take `sentry` out of homeserver.yaml, set `opentracing: {enabled: false}`, and restart Synapse",
  references: [manual("sentry"), manual("opentracing")],
  since: "0.1.0",
  about: "homeserver",
  reads: ({ config }) => config,
  check({ isSentryOn, isTracingOn }, { policy }) {
    if (policy.homeserver.telemetry) return [{ result: "not-applicable", message: "the policy allows it" }];
    const gone = [
      ...(isSentryOn ? ["errors, with the values at hand, go to Sentry"] : []),
      ...(isTracingOn ? ["traces of requests, with users and rooms, go to a tracing service"] : []),
    ];
    return gone.length === 0 ? [] : [{ result: "fail", message: gone.join("; ") }];
  },
});
