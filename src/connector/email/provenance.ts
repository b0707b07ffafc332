import type { Provenance } from "../../model/connector.ts";
import { type Fields, unstructured } from "./header.ts";

const FIRST_MS = Date.UTC(2000, 0);
/** A PBX's clock may be ahead of ours. */
const AHEAD_MS = 3_600_000;

/**
 * What a mail says of its recording. The caller is taken only where a PBX names one: what stands in From is the PBX, or
 * what anybody wrote there. Asterisk writes X-Asterisk-CallerID and CallerIDName to every mail of a known caller, and
 * the X-Asterisk-VM fields where voicemail lies in IMAP (app_voicemail.c, make_email_file).
 */
export function provenanceOf(fields: Fields, nowMs: number): Provenance {
  const text = (...names: string[]): string | undefined =>
    names.map((name) => unstructured(fields.get(name) ?? "").trim()).find((value) => value !== "");
  const name = text("x-asterisk-vm-caller-id-name", "x-asterisk-calleridname");
  const number = text("x-asterisk-vm-caller-id-num", "x-asterisk-callerid");
  const caller = name && number && name !== number ? `${name} ${number}` : (name ?? number);
  const note = text("subject");
  const seconds = Number(fields.get("x-asterisk-vm-orig-time"));
  const recordedMs = [seconds * 1000, Date.parse(fields.get("date") ?? "")].find(
    (timeMs) => timeMs >= FIRST_MS && timeMs <= nowMs + AHEAD_MS,
  );
  return {
    ...(caller !== undefined && { caller }),
    ...(recordedMs !== undefined && { recordedMs }),
    ...(note !== undefined && { note }),
  };
}
