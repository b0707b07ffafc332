import { type Layers, sandboxLayers } from "../audio/index.ts";
import { redact } from "../log.ts";
import type { Account } from "./account.ts";
import type { ConnectorChecks } from "./connector-checks.ts";
import { isRoom } from "./relay/routes.ts";

/** Why work would not be done now, in the shape of an error. */
export interface Reason {
  code: string;
  message: string;
  cure?: string;
}

/** What `/ready` answers. */
export interface Readiness {
  ready: boolean;
  /** Empty where it is ready. */
  reasons: Reason[];
  /** What stands around ffmpeg. One that is missing is a reason only where the config requires it. */
  layers: Layers;
}

/** A long poll takes 30 seconds, and may wait as long again for the network. */
const STALE_MS = 120_000;

const UNUSABLE_ROUTE = {
  message: "a room that a route names cannot be used",
  cure: "see the log, which names the room and the reason",
};

/**
 * Whether a voice message that came now would leave. An account that is open has its store locked and its crypto up; what
 * can be missing is the homeserver, a connector, a sandbox that the config requires. Makes no request, and names no room.
 *
 * @param connectors undefined before they are started
 */
export async function readiness(
  { config, sync }: Pick<Account, "config" | "sync">,
  connectors: ConnectorChecks | undefined,
  stopping: AbortSignal,
): Promise<Readiness> {
  const [layers, checks] = await Promise.all([sandboxLayers(), connectors?.all() ?? []]);
  const reasons: Reason[] = [];
  if (stopping.aborted) reasons.push({ code: "STOPPED", message: "this process is about to end" });
  const { trouble, ageMs } = sync.standing;
  if (trouble) reasons.push({ code: trouble.code, message: trouble.message, cure: trouble.cure });
  else if (ageMs === undefined || !connectors)
    reasons.push({
      code: "STARTING",
      message: "the connectors are being started, or the homeserver has not answered",
    });
  if (ageMs !== undefined && ageMs > STALE_MS) {
    const message = `the last answer of the homeserver is ${Math.round(ageMs / 1000)} seconds old`;
    reasons.push({ code: "SYNC_STALE", message });
  }
  for (const { ok, connector, message, cure } of checks) {
    if (ok) continue;
    if (isRoom(connector)) reasons.push({ code: "ROUTE_UNUSABLE", ...UNUSABLE_ROUTE });
    else
      reasons.push({ code: "CONNECTOR_FAILED", message: `${connector}: ${message}`, ...(cure && { cure }) });
  }
  if (config.audio.requireSandbox && !layers.sandbox) {
    const message = `ffmpeg would run without a sandbox: ${layers.reason}`;
    reasons.push({ code: "SANDBOX_MISSING", message });
  }
  return { ready: reasons.length === 0, reasons: redact(reasons) as Reason[], layers };
}
