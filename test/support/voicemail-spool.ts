import { mkdirSync, readdirSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { appendFile, writeFile } from "node:fs/promises";
import { join } from "node:path";

/** What stands in a message's text file; what is undefined is not written, as by older versions. */
export interface MessageText {
  callerid?: string;
  origtime?: number;
  msg_id?: string | undefined;
  flag?: string;
}

/**
 * Stands in for Asterisk: writes a mailbox's messages as app_voicemail does, with the same names in the same order. It takes
 * no locks, because the connector looks at none.
 */
export class VoicemailSpool {
  readonly spool: string;
  readonly #mailbox: string;
  #ids = 0;

  constructor(spool: string, mailbox = "100", context = "default") {
    this.spool = spool;
    this.#mailbox = join(spool, context, mailbox);
    mkdirSync(spool, { recursive: true });
  }

  folder(name = "INBOX"): string {
    const path = join(this.#mailbox, name);
    mkdirSync(path, { recursive: true });
    return path;
  }

  nextId = (): string => `1767225600-${(this.#ids++).toString(16).padStart(8, "0")}`;

  text({
    callerid = '"Alice" <+15550100>',
    origtime = 1_767_225_600,
    flag = "",
    ...text
  }: MessageText = {}): string {
    const id = "msg_id" in text ? text.msg_id : this.nextId();
    return [
      ...[";", "; Message Information file", ";", "[message]", "origmailbox=100", "context=default"],
      ...["macrocontext=", "exten=100", "rdnis=unknown", "priority=2", "callerchan=PJSIP/trunk-00000001"],
      ...[
        `callerid=${callerid}`,
        "origdate=Thu Jan  1 12:00:00 AM UTC 2026",
        `origtime=${origtime}`,
        "category=",
      ],
      ...(id === undefined ? [] : [`msg_id=${id}`]),
      ...[`flag=${flag}`, ""],
    ].join("\n");
  }

  /** Records in `tmp`, then renames the sound and last the text, as newer versions do. */
  leave(sounds: Record<string, Uint8Array>, text: MessageText = {}, folder = "INBOX"): string {
    const target = this.folder(folder);
    const temporary = join(this.folder("tmp"), "XpD8fG");
    writeFileSync(temporary, `${this.text(text)}duration=4\n`);
    const message = this.#free(target);
    for (const [ending, sound] of Object.entries(sounds)) {
      writeFileSync(`${temporary}.${ending}`, sound);
      renameSync(`${temporary}.${ending}`, join(target, `${message}.${ending}`));
    }
    renameSync(temporary, join(target, `${message}.txt`));
    return message;
  }

  /** Records in the folder itself, as older versions do: the text comes first, and its last line when the caller hung up. */
  record(sound: Uint8Array, text: MessageText = {}): { hangUp(): Promise<void> } {
    const folder = this.folder();
    const path = join(folder, this.#free(folder));
    writeFileSync(`${path}.txt`, this.text(text));
    writeFileSync(`${path}.wav`, sound.subarray(0, sound.length / 2));
    return {
      async hangUp() {
        await appendFile(`${path}.wav`, sound.subarray(sound.length / 2));
        await appendFile(`${path}.txt`, "duration=4\n");
      },
    };
  }

  /** Deletes a message, and gives its number to the next one, and so on, as when somebody hangs up after listening. */
  delete(message: string, folder = "INBOX"): void {
    const path = this.folder(folder);
    const filesOf = (name: string) => readdirSync(path).filter((file) => file.startsWith(`${name}.`));
    for (const file of filesOf(message)) rmSync(join(path, file));
    let free = message;
    for (const next of this.#messages(path).filter((name) => name > message)) {
      // the text last
      for (const file of filesOf(next).sort((one) => (one.endsWith(".txt") ? 1 : -1))) {
        renameSync(join(path, file), join(path, file.replace(next, free)));
      }
      free = next;
    }
  }

  /** What lies beside the folders and in them without being a message. */
  async writeGreetings(sound: Uint8Array): Promise<void> {
    for (const name of ["busy", "unavail", "greet", "temp"]) {
      await writeFile(join(this.folder(), `${name}.wav`), sound);
      await writeFile(join(this.#mailbox, `${name}.wav`), sound);
      await writeFile(join(this.folder(), `${name}.txt`), `${this.text()}duration=4\n`);
    }
  }

  #messages(folder: string): string[] {
    return readdirSync(folder)
      .flatMap((name) => /^(msg\d{4})\.txt$/.exec(name)?.[1] ?? [])
      .sort();
  }

  #free(folder: string): string {
    return `msg${String(this.#messages(folder).length).padStart(4, "0")}`;
  }
}
