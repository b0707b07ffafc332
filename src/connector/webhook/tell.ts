import { SottoError } from "../../errors.ts";
import { readSecretFile } from "../secret-file.ts";
import { isSuccess, NoAnswer, post } from "./post.ts";
import { parseSecrets, Signature, webhookId } from "./signature.ts";
import { parseTarget } from "./target.ts";

export interface TellByWebhook {
  url?: string | undefined;
  /** Absolute, as the next. */
  urlFile?: string | undefined;
  secretFile: string;
  timeoutMs: number;
}

const CURE = "check the URL and the secret, and that the receiver runs; then run the same command again";

/** Reads what it needs. @throws SottoError `SECRET_UNREADABLE`, `CONFIG_INVALID` */
export function readTarget({ url, urlFile, secretFile }: TellByWebhook): { url: URL; secrets: Uint8Array[] } {
  return {
    url: parseTarget(url ?? readSecretFile(urlFile!)),
    secrets: parseSecrets(readSecretFile(secretFile)),
  };
}

/**
 * Posts words once, as JSON, signed as Standard Webhooks have it.
 *
 * @param about - `webhook-id` is made of it: the same for a repeat
 * @throws SottoError `CONNECTOR_FAILED` where the receiver does not say yes in time, and as {@link readTarget}
 */
export async function tellByWebhook(
  settings: TellByWebhook,
  { about, type, data }: { about: string; type: string; data: object },
  signal: AbortSignal,
): Promise<void> {
  const { url, secrets } = readTarget(settings);
  const id = webhookId(about);
  const now = Date.now();
  const body = Buffer.from(JSON.stringify({ type, timestamp: new Date(now).toISOString(), data }));
  const timestamp = Math.floor(now / 1_000);
  const signature = new Signature(secrets, id, timestamp);
  signature.update(body);
  const late = AbortSignal.timeout(settings.timeoutMs);
  const { status } = await post({
    url,
    headers: {
      "user-agent": "Sotto",
      "content-type": "application/json",
      "content-length": body.length,
      "webhook-id": id,
      "webhook-timestamp": timestamp,
      "webhook-signature": signature.header(),
    },
    async *body() {
      yield body;
    },
    timeoutMs: settings.timeoutMs,
    signal: AbortSignal.any([signal, late]),
  }).catch((thrown) => {
    const reason = late.aborted ? "ETIMEDOUT" : thrown instanceof NoAnswer ? thrown.reason : "unknown";
    throw new SottoError("CONNECTOR_FAILED", `the receiver gave no answer (${reason})`, { cure: CURE });
  });
  if (!isSuccess(status))
    throw new SottoError("CONNECTOR_FAILED", `the receiver answered with HTTP ${status}`, { cure: CURE });
}
