import { type Layers, sandboxLayers } from "../audio/index.ts";
import { redact } from "../log.ts";
import type { Account } from "./account.ts";
import type { ConnectorChecks } from "./connector-checks.ts";

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

/**
 * Whether a voice message that came now would leave. An account that is open has its store locked and its crypto up; what
 * can be missing is the homeserver, a connector, a sandbox that the config requires. Makes no request.
 */
export async function readiness(
  { config, sync }: Pick<Account, "config" | "sync">,
  connectors: ConnectorChecks,
  stopping: AbortSignal,
): Promise<Readiness> {
  const [layers, troubles] = await Promise.all([sandboxLayers(), connectors.troubles()]);
  const reasons: Reason[] = [];
  if (stopping.aborted) reasons.push({ code: "STOPPED", message: "this process is about to end" });
  const { trouble, ageMs } = sync.standing;
  if (trouble) reasons.push({ code: trouble.code, message: trouble.message, cure: trouble.cure });
  else if (ageMs === undefined)
    reasons.push({ code: "STARTING", message: "the homeserver has not answered yet" });
  if (ageMs !== undefined && ageMs > STALE_MS) {
    const message = `the last answer of the homeserver is ${Math.round(ageMs / 1000)} seconds old`;
    reasons.push({ code: "SYNC_STALE", message });
  }
  for (const [name, checks] of troubles) {
    for (const { message, cure } of checks) {
      reasons.push({ code: "CONNECTOR_FAILED", message: `${name}: ${message}`, ...(cure && { cure }) });
    }
  }
  if (config.audio.requireSandbox && !layers.sandbox) {
    const message = `ffmpeg would run without a sandbox: ${layers.reason}`;
    reasons.push({ code: "SANDBOX_MISSING", message });
  }
  return { ready: reasons.length === 0, reasons: redact(reasons) as Reason[], layers };
}
