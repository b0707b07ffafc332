import type { Provenance } from "../../model/connector.ts";

/** What the text file beside a message says of it. */
export interface MessageFile {
  /** Since Asterisk 11; unlike the file's name it stays with the message. */
  msgId: string | undefined;
  /** As it is written: seconds since the epoch. */
  origtime: string;
  /** As it is written: `"Name" <number>`, a name, a number, or `Unknown`. */
  callerid: string;
  isUrgent: boolean;
}

const LONGEST_VALUE = 200;

/**
 * Reads the text file of a message, once it is complete: `duration` is written last, when the caller has hung up.
 *
 * @returns undefined while it is not, and for what is no such file
 */
export function parseMessageFile(bytes: Uint8Array): MessageFile | undefined {
  const values = valuesOf(decode(bytes));
  if (!/^\d+$/.test(values.get("duration") ?? "")) return undefined;
  return {
    msgId: values.get("msg_id") || undefined,
    origtime: values.get("origtime") ?? "",
    callerid: values.get("callerid") ?? "",
    isUrgent: values.get("flag") === "Urgent",
  };
}

/**
 * The values of `[message]`. A last line without its end is no line yet. Where a name stands twice the last counts: that
 * is Asterisk's own, whatever a caller got into theirs.
 */
function valuesOf(text: string): Map<string, string> {
  const values = new Map<string, string>();
  let section = "";
  for (const line of text.split(/\r?\n/).slice(0, -1)) {
    section = /^\[(.*)\]$/.exec(line)?.[1] ?? section;
    const [, name = "", value = ""] = /^([a-z_]+)=(.*)$/.exec(line) ?? [];
    if (section === "message" && name !== "") values.set(name, value.slice(0, LONGEST_VALUE * 2).trim());
  }
  return values;
}

/** A telephone's name is in whatever encoding its exchange has. */
function decode(bytes: Uint8Array): string {
  try {
    return new TextDecoder("utf-8", { fatal: true }).decode(bytes);
  } catch {
    return Buffer.from(bytes).toString("latin1");
  }
}

/** What is announced of a message. */
export function provenanceOf(message: MessageFile, folder: { mailbox: string; name: string }): Provenance {
  const caller = callerOf(message.callerid);
  const recordedMs = Number(message.origtime) * 1_000;
  return {
    ...(caller === undefined ? {} : { caller }),
    ...(/^[1-9]\d{0,11}$/.test(message.origtime) ? { recordedMs } : {}),
    note: `mailbox ${folder.mailbox}${message.isUrgent || folder.name === "Urgent" ? ", urgent" : ""}`,
  };
}

/** `"Name" <number>` as a person would read it; undefined for one that Asterisk does not know. */
function callerOf(callerid: string): string | undefined {
  const [, name = "", number = ""] = /^"?(.*?)"?\s*<([^<>]*)>$/.exec(callerid) ?? [];
  const [known, also] = (number || name ? [name, number] : [callerid.replace(/^"(.*)"$/, "$1")])
    .map(printable)
    .filter((part) => part !== "" && !/^unknown$/i.test(part));
  return also === undefined || also === known ? known : `${known} (${also})`;
}

/** A caller may choose their name: nothing in it may turn or hide what stands beside it. */
const printable = (text: string): string =>
  text
    .replace(/[\p{C}\p{Zl}\p{Zp}]+/gu, " ")
    .trim()
    .slice(0, LONGEST_VALUE);
