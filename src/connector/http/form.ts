import { PassThrough, pipeline, type Readable } from "node:stream";
import { Busboy, type BusboyFileStream } from "@fastify/busboy";
import { checked, isWord, WORDS, type Words } from "./described.ts";
import { Refusal, refused } from "./refusal.ts";

/** A form with a recording in it (RFC 7578). */
export interface Form {
  words: Words;
  /** The file. Its end comes when the whole form was right: what comes behind it can still make it fail. */
  file: Readable;
}

const LIMITS = {
  fieldNameSize: 100,
  fieldSize: 4_096,
  // one more than there may be, so that too many are seen
  fields: Object.keys(WORDS).length + 1,
  files: 1,
  headerPairs: 20,
  headerSize: 8_192,
};

export const isForm = (contentType: string | undefined): contentType is string =>
  /^multipart\/form-data\b/i.test(contentType ?? "");

/**
 * Reads a form up to its file, which is read by whoever takes it.
 *
 * @throws Refusal `FORM_INVALID`, `REQUEST_INVALID`, or what reading the body throws
 */
export function readForm(body: Readable, contentType: string): Promise<Form> {
  const { promise, resolve, reject } = Promise.withResolvers<Form>();
  const words: Words = {};
  const file = new PassThrough();
  let hasFile = false;

  const fail = (thrown: unknown): void => {
    const error = thrown instanceof Refusal ? thrown : broken(thrown);
    reject(error);
    file.destroy(error);
    body.destroy(error);
  };
  // until it is handed over nobody else listens
  file.on("error", () => undefined);

  const takeField = (name: string, value: string, _nameCut: boolean, isCut: boolean): void => {
    try {
      if (hasFile) throw late();
      if (!isWord(name) || isCut) throw unknownField();
      if (words[name] !== undefined) throw refused("FORM_INVALID", `there are two fields "${name}"`);
      words[name] = checked(name, value);
    } catch (thrown) {
      fail(thrown);
    }
  };
  const takeFile = (_name: string, part: BusboyFileStream): void => {
    hasFile = true;
    part.on("error", fail).on("data", (chunk) => {
      if (!file.write(chunk)) part.pause();
    });
    file.on("drain", () => part.resume());
    // who does not want it any more does not want the rest of the form either
    file.on("close", () => body.destroy());
    resolve({ words, file });
  };
  const finish = (): void => {
    if (hasFile) return void file.end();
    fail(refused("FORM_INVALID", "there is no file in the form"));
  };

  try {
    const parser = new Busboy({ headers: { "content-type": contentType }, limits: LIMITS });
    parser.on("field", takeField).on("file", takeFile).on("finish", finish);
    parser.on("filesLimit", () => fail(late())).on("fieldsLimit", () => fail(unknownField()));
    pipeline(body, parser, (error) => error && fail(error));
  } catch (thrown) {
    fail(thrown);
  }
  return promise;
}

const late = (): Refusal => refused("FORM_INVALID", "something stands behind the file");

const unknownField = (): Refusal =>
  refused("FORM_INVALID", "there is a field that is not known, or is too long", {
    cure: `fields are ${Object.keys(WORDS).join(", ")}; with curl a file is \`-F audio=@bell.wav\`, with an @`,
  });

const broken = (cause: unknown): Refusal =>
  refused("FORM_INVALID", `the form is damaged: ${cause instanceof Error ? cause.message : String(cause)}`, {
    cure: "send it again; a form ends with its closing boundary",
  });
