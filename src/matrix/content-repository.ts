import { Readable } from "node:stream";
import { SottoError } from "../errors.ts";
import { isMxcUri, type MxcUri } from "../model/ids.ts";
import type { ContentRepository } from "../model/ports.ts";
import { type JsonObject, requireString } from "./json.ts";
import { path } from "./path.ts";
import { failureOf, matrixErrorOf } from "./request-failure.ts";
import type { StreamedAnswer, Transport } from "./transport.ts";

/** How long the homeserver may wait for the rest of an upload, or for another server, before it answers 504. */
const REMOTE_WAIT_MS = 20_000;

export interface ContentRepositoryOptions {
  /** Told of an upload that may lie on the homeserver, although its answer did not come. */
  onUploadLost?(): void;
}

/** https://spec.matrix.org/v1.19/client-server-api/#content-repository */
export function createContentRepository(
  transport: Transport,
  { onUploadLost }: ContentRepositoryOptions = {},
): ContentRepository {
  let limit: Promise<number | undefined> | undefined;

  /** Asked once: a limit that is lowered meanwhile shows as a refused upload. */
  function maxUploadBytes(): Promise<number | undefined> {
    limit ??= readLimit(transport).catch((error) => {
      limit = undefined;
      throw error;
    });
    return limit;
  }

  /** Synapse closes the connection while a body above its limit is still being sent, so that its 413 gets lost. */
  async function wasHungUp(thrown: unknown, size: number): Promise<boolean> {
    if (!failureOf(thrown)?.mayHaveArrived) return false;
    return size > ((await maxUploadBytes().catch(() => undefined)) ?? Number.POSITIVE_INFINITY);
  }

  return {
    async upload(body, size) {
      try {
        const contentType = "application/octet-stream";
        const answer = await transport.request("POST", "/_matrix/media/v3/upload", {
          body:
            body instanceof Uint8Array
              ? { bytes: body, contentType }
              : { open: body, contentType, contentLength: size },
        });
        const mxcUri = requireString(answer, "content_uri");
        parseMxcUri(mxcUri);
        return mxcUri;
      } catch (thrown) {
        const cause = matrixErrorOf(thrown);
        const refused = cause?.statusCode === 413 || cause?.errcode === "M_TOO_LARGE";
        if (!refused && !(await wasHungUp(thrown, size))) {
          if (failureOf(thrown)?.mayHaveArrived) onUploadLost?.();
          throw thrown;
        }
        throw new SottoError("AUDIO_TOO_LARGE", `the homeserver takes no upload of ${size} bytes`, { cause });
      }
    },

    async download(mxcUri, maxBytes) {
      const { serverName, mediaId } = parseMxcUri(mxcUri);
      let answer: StreamedAnswer;
      try {
        answer = await transport.stream(path`/_matrix/client/v1/media/download/${serverName}/${mediaId}`, {
          query: { timeout_ms: REMOTE_WAIT_MS },
        });
      } catch (thrown) {
        const cause = matrixErrorOf(thrown);
        if (cause?.statusCode !== 404) throw thrown;
        throw new SottoError("ATTACHMENT_INVALID", `the homeserver does not have ${mxcUri}`, { cause });
      }
      const announced = Number(answer.headers["content-length"] ?? 0);
      if (announced > maxBytes) {
        answer.body.destroy();
        throw tooLarge(maxBytes);
      }
      return bounded(answer.body, maxBytes);
    },

    maxUploadBytes,
  };
}

async function readLimit(transport: Transport): Promise<number | undefined> {
  const size = (await mediaConfig(transport))["m.upload.size"];
  return typeof size === "number" && size > 0 ? size : undefined;
}

/**
 * The server name and media ID of a content URI.
 * https://spec.matrix.org/v1.19/client-server-api/#matrix-content-mxc-uris
 *
 * @throws SottoError `ATTACHMENT_INVALID`
 */
export function parseMxcUri(mxcUri: MxcUri): { serverName: string; mediaId: string } {
  if (!isMxcUri(mxcUri))
    throw new SottoError("ATTACHMENT_INVALID", "the attachment's address is not a content URI");
  const [serverName, mediaId] = mxcUri.slice("mxc://".length).split("/") as [string, string];
  return { serverName, mediaId };
}

const tooLarge = (maxBytes: number): SottoError =>
  new SottoError("ATTACHMENT_INVALID", `the attachment is larger than ${maxBytes} bytes`, {
    cure: "ask the sender for a shorter recording",
  });

/** Passes the bytes on until there are too many; whatever breaks off is an error with a code. */
function bounded(body: Readable, maxBytes: number): Readable {
  async function* counted(): AsyncGenerator<Uint8Array> {
    let size = 0;
    try {
      for await (const chunk of body as AsyncIterable<Uint8Array>) {
        size += chunk.byteLength;
        if (size > maxBytes) break;
        yield chunk;
      }
    } catch (cause) {
      throw new SottoError("HOMESERVER_UNREACHABLE", "the connection broke off during the download", {
        cause,
      });
    }
    if (size > maxBytes) throw tooLarge(maxBytes);
  }
  // a reader that turns away before the first byte never starts the generator, which then cannot end the request
  return Readable.from(counted(), { objectMode: false }).once("close", () => body.destroy());
}

/** Authenticated since v1.11; the older path where the homeserver does not know it. */
async function mediaConfig(transport: Transport): Promise<JsonObject> {
  try {
    return await transport.request<JsonObject>("GET", "/_matrix/client/v1/media/config");
  } catch (thrown) {
    if (matrixErrorOf(thrown)?.statusCode !== 404) throw thrown;
    return transport.request<JsonObject>("GET", "/_matrix/media/v3/config");
  }
}
