import { createHash } from "node:crypto";
import type { BigIntStats } from "node:fs";
import { constants, type FileHandle, lstat, open, readdir } from "node:fs/promises";
import { join } from "node:path";
import { SottoError } from "../../errors.ts";
import { bestFormat, type VoicemailFormat } from "./formats.ts";
import { type MessageFile, parseMessageFile } from "./message-file.ts";

/** A folder of a mailbox. */
export interface Folder {
  /** `100@default` */
  mailbox: string;
  name: string;
  path: string;
}

/** A message as it lay in its folder at one look. */
export interface Sighting {
  folder: Folder;
  textPath: string;
  /** Undefined where there is no sound in a format that we know. */
  audio: { path: string; format: VoicemailFormat } | undefined;
  /** Another one whenever one of its files is another one, or has changed; the same when both were renamed. */
  signature: string;
}

/** A message whose files are open: nothing that Asterisk does to their names mixes it with another. */
export interface OpenMessage extends AsyncDisposable {
  text: MessageFile;
  format: VoicemailFormat;
  audio: FileHandle;
}

const LARGEST_TEXT_BYTES = 64 * 1024;
/** A link would let whoever may write to the spool have us send any file; opening a pipe must not wait. */
const READ_ITSELF = constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK;

export const foldersOf = (spool: string, mailboxes: readonly string[], names: readonly string[]): Folder[] =>
  mailboxes.flatMap((mailbox) => {
    const [number = "", context = ""] = mailbox.split("@");
    return names.map((name) => ({ mailbox, name, path: join(spool, context, number, name) }));
  });

/**
 * The messages in a folder by their numbers: what is called `msgNNNN` and nothing else, so no greeting, no introduction and
 * no backup of a message that is being forwarded. A folder that is not there has none.
 */
export async function lookInto(folder: Folder): Promise<Sighting[]> {
  const names = new Set(await readdir(folder.path).catch(unlessGone<string[]>([])));
  const messages = [...names].flatMap((name) => /^(msg\d{4,})\.txt$/.exec(name)?.[1] ?? []).sort();
  const sightings: Sighting[] = [];
  for (const message of messages) {
    const textPath = join(folder.path, `${message}.txt`);
    const format = bestFormat(message, names);
    const audio = format && { path: join(folder.path, `${message}.${format.ending}`), format };
    const text = await lstat(textPath, { bigint: true }).catch(unlessGone(undefined));
    const sound = audio && (await lstat(audio.path, { bigint: true }).catch(unlessGone(undefined)));
    if (text?.isFile() !== true || text.size > LARGEST_TEXT_BYTES || (sound && !sound.isFile())) continue;
    sightings.push({ folder, textPath, audio: sound && audio, signature: signatureOf(text, sound) });
  }
  return sightings;
}

/**
 * Opens the message of a sighting.
 *
 * @returns undefined where another message lies there by now, or none, or this one is still being written
 * @throws SottoError `AUDIO_UNREADABLE` where it is complete and has no sound that we can read; errors of the file system
 */
export async function openMessage(sighting: Sighting): Promise<OpenMessage | undefined> {
  const { textPath, audio, signature } = sighting;
  const handle = audio && (await open(audio.path, READ_ITSELF).catch(unlessGone(undefined)));
  let message: OpenMessage | undefined;
  try {
    const { text, stats } = await readText(textPath);
    const isTheSame = signatureOf(stats, await handle?.stat({ bigint: true })) === signature;
    if (!text || !isTheSame) return undefined;
    if (!audio || !handle)
      throw new SottoError("AUDIO_UNREADABLE", "it lies there in no format that is known");
    const close = () => handle.close();
    message = { text, format: audio.format, audio: handle, [Symbol.asyncDispose]: close };
    return message;
  } catch (thrown) {
    return unlessGone(undefined)(thrown);
  } finally {
    if (!message) await handle?.close();
  }
}

async function readText(path: string): Promise<{ text: MessageFile | undefined; stats: BigIntStats }> {
  await using handle = await open(path, READ_ITSELF);
  const stats = await handle.stat({ bigint: true });
  // by now a pipe without an end may lie there
  const isText = stats.isFile() && stats.size <= LARGEST_TEXT_BYTES;
  return { stats, text: isText ? parseMessageFile(await handle.readFile()) : undefined };
}

/** What a message is known by: its number is given to another one as soon as one before it goes. */
export interface Identity {
  /** What the intake is told. */
  id: string;
  /** What it was known by while it had no `msg_id`; Asterisk adds one to an old message when somebody listens to it. */
  before: string;
}

export async function identityOf({ text, audio }: OpenMessage, mailbox: string): Promise<Identity> {
  const sound = createHash("sha256");
  for await (const chunk of audio.createReadStream({ start: 0, autoClose: false })) sound.update(chunk);
  const hash = createHash("sha256").update(
    JSON.stringify([text.origtime, text.callerid, sound.digest("hex")]),
  );
  const before = `${mailbox} sha256:${hash.digest("hex")}`;
  return { id: text.msgId === undefined ? before : `${mailbox} ${text.msgId}`, before };
}

const signatureOf = (text: BigIntStats, sound: BigIntStats | undefined): string =>
  [text, sound].map((stats) => `${stats?.ino}-${stats?.size}-${stats?.mtimeNs}`).join(" ");

/** What was moved away while we looked is not there; any other error is one. */
const unlessGone =
  <T>(instead: T) =>
  (thrown: unknown): T => {
    if ((thrown as NodeJS.ErrnoException).code === "ENOENT") return instead;
    throw thrown;
  };
