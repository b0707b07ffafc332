import { statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { PNG } from "pngjs";
import encodeQr from "qr";
import { beforeAll, describe, expect, it } from "vitest";
import { qrInFile } from "../../src/commands/shared/qr-scan.ts";
import type { VerifyResult } from "../../src/service/verify.ts";
import type { Bot } from "../support/bot.ts";
import { errorOf, type RunningSotto, resultOf } from "../support/sotto.ts";
import { type ElementUser, openWorld } from "../support/world.ts";

// A person at a terminal with `sotto verify`, and another with Element.

const { newBot, newElement, folder } = await openWorld();
let bot: Bot;
let person: ElementUser;

beforeAll(async () => {
  [bot, person] = await Promise.all([newBot(), newElement()]);
  bot.configure({ trust: { verifyFrom: [person.userId, bot.userId] } });
});

const verify = (...args: string[]) => bot.start(["verify", ...args], { terminal: true });
/** Who is verified, as the command line tells it. */
async function isVerified(userId: string): Promise<boolean> {
  const { identity } = resultOf<{ identity: { verified: boolean } }>(await bot.run(["devices", userId]));
  return identity.verified;
}

const rooms = new Map<ElementUser, string>();

/** The person accepts what the bot asks them, in the direct room. */
async function accepts(other: ElementUser, running: RunningSotto) {
  const { request } = other;
  if (!rooms.has(other)) {
    const { roomId } = await request("waitInvite", {});
    await request("join", { roomId });
    rooms.set(other, roomId);
  }
  const which = await Promise.race([
    request("waitVerificationRequest", { userId: bot.userId }),
    running.ended.then((outcome) => Promise.reject(new Error(`never asked: ${errorOf(outcome).message}`))),
  ]);
  await request("acceptVerification", which);
  return which;
}

/** Picks the seven emoji's names and the decimals off the terminal. */
async function comparesWith(running: RunningSotto, shown: { emoji: string[][]; decimal: number[] }) {
  await running.says("in the same order?");
  await running.says(`  ${shown.decimal.join("  ")}`);
  for (const [symbol, name] of shown.emoji) await running.says(`${symbol}  ${name}`);
}

describe("without a person at the terminal", () => {
  it("nothing can be compared", async () => {
    for (const flags of [[], ["--qr"], ["--qr-scan", "code.png"], ["--device", "SOME"]]) {
      const error = errorOf(await bot.run(["verify", person.userId, ...flags]));
      expect(error).toMatchObject({ code: "USAGE", exitCode: 2 });
    }
  });
});

describe("flags that do not go together", () => {
  it.each([
    [["--qr", "--qr-scan", "code.png"]],
    [["--qr-scan", "code.png", "--qr-text"]],
    [["--fingerprint", "A".repeat(43), "--qr"]],
    [["--qr-out", "code.gif"]],
    [["--fingerprint", "no key"]],
  ])("%j", async (flags) => {
    const outcome = await verify(person.userId, ...flags).ended;
    expect(errorOf(outcome)).toMatchObject({ code: "USAGE", exitCode: 2 });
  });
});

describe("by emoji", () => {
  it("Ctrl-C at the question: the other side hears it, nothing is verified", async () => {
    const running = verify(person.userId);
    const which = await accepts(person, running);
    await person.request("showSas", which);
    await running.says("in the same order?");
    running.types("\u0003");
    expect(errorOf(await running.ended)).toMatchObject({ code: "INTERRUPTED", exitCode: 3 });
    const end = await person.request("waitVerification", { ...which, phase: "cancelled" });
    expect(end).toMatchObject({ cancelledBy: bot.userId });
    expect(await isVerified(person.userId)).toBe(false);
  });

  it("the answer no: refused on both sides", async () => {
    const running = verify(person.userId);
    const which = await accepts(person, running);
    await person.request("showSas", which);
    await running.says("in the same order?");
    running.types("perhaps\n");
    await running.says('Type "yes" or "no"');
    running.types("no\n");
    expect(errorOf(await running.ended)).toMatchObject({ code: "VERIFICATION_MISMATCH", exitCode: 1 });
    const end = await person.request("waitVerification", { ...which, phase: "cancelled" });
    expect(end).toMatchObject({ cancellationCode: "m.mismatched_sas" });
    expect(await isVerified(person.userId)).toBe(false);
  });

  it("the other side cancels while the question stands", async () => {
    const running = verify(person.userId);
    const which = await accepts(person, running);
    await person.request("showSas", which);
    await running.says("in the same order?");
    await person.request("cancelVerification", which);
    expect(errorOf(await running.ended)).toMatchObject({ code: "VERIFICATION_CANCELLED", exitCode: 3 });
    expect(await isVerified(person.userId)).toBe(false);
  });

  it("beside `sotto run`: takes up the person's request, and the question comes to the terminal", async () => {
    const service = bot.start(["run"]);
    await service.says("running");
    const { request } = person;
    const roomId = rooms.get(person)!;
    const which = await request("requestVerification", { userId: bot.userId, roomId });
    await service.says("a verification was asked for");
    const running = verify(person.userId);
    await comparesWith(running, await request("showSas", which));
    expect(await isVerified(person.userId)).toBe(false);
    await request("confirmSas", which);
    running.types("yes\n");
    const result = resultOf<VerifyResult>(await running.ended);
    expect(result).toMatchObject({ userId: person.userId, verified: "identity", method: "emoji" });
    await request("waitVerification", { ...which, phase: "done" });
    expect(await isVerified(person.userId)).toBe(true);

    // the person goes away in the middle of a question: it is over for both
    const again = await request("requestVerification", { userId: bot.userId, roomId });
    const left = verify(person.userId);
    await request("showSas", again);
    await left.says("in the same order?");
    await left.end("SIGKILL");
    await request("waitVerification", { ...again, phase: "cancelled" });
    await service.end("SIGTERM");
  });
});

describe("by QR code", () => {
  it("shown in the terminal and written as a picture", async () => {
    const other = await newElement();
    const file = join(folder, "code.png");
    const running = verify(other.userId, "--qr-out", file);
    const which = await accepts(other, running);
    await running.says("scan this code");
    expect(statSync(file).mode & 0o777).toBe(0o600);
    const bytes = Buffer.from(await qrInFile(file)).toString("base64");
    await other.request("scanQr", { ...which, bytes });
    await running.says("has scanned this code?");
    expect(await isVerified(other.userId)).toBe(false);
    running.types("yes\n");
    expect(resultOf(await running.ended)).toMatchObject({ verified: "identity", method: "qr" });
    expect([await isVerified(other.userId), await isVerifiedBy(other)]).toEqual([true, true]);
  });

  it("read from a picture; from one without a code, from what is none, and pasted", async () => {
    const other = await newElement();
    const file = join(folder, "shown.png");
    blank(file);
    const empty = await refusedScan(other, ["--qr-scan", file], "Press Enter", "\n");
    expect(empty).toMatchObject({ code: "QR_UNREADABLE", exitCode: 2 });
    const text = await refusedScan(other, ["--qr-scan", bot.config], "Press Enter", "\n");
    expect(text).toMatchObject({ code: "QR_UNREADABLE", exitCode: 2 });
    const pasted = await refusedScan(other, ["--qr-text"], "in base64", "%%%%\n");
    expect(pasted).toMatchObject({ code: "QR_UNREADABLE", exitCode: 2 });

    const running = verify(other.userId, "--qr-scan", file);
    const which = await accepts(other, running);
    await running.says("Press Enter");
    draw(file, Buffer.from((await other.request("showQr", which)).bytes, "base64"));
    running.types("\n");
    await other.request("confirmQr", which);
    expect(resultOf(await running.ended)).toMatchObject({ verified: "identity", method: "qr" });
    expect([await isVerified(other.userId), await isVerifiedBy(other)]).toEqual([true, true]);
  });

  async function refusedScan(other: ElementUser, flags: string[], question: string, typed: string) {
    const running = verify(other.userId, ...flags);
    const which = await accepts(other, running);
    await running.says(question);
    running.types(typed);
    const error = errorOf(await running.ended);
    await other.request("waitVerification", { ...which, phase: "cancelled" });
    expect(await isVerified(other.userId)).toBe(false);
    return error;
  }
});

const isVerifiedBy = async ({ request }: ElementUser) =>
  (await request("userStatus", { userId: bot.userId })).verified;

const SCALE = 6;

/** A picture of a QR code that holds these bytes. */
function draw(file: string, bytes: Buffer): void {
  const textEncoder = (text: string) => Buffer.from(text, "latin1");
  const modules = encodeQr(bytes.toString("latin1"), "raw", { encoding: "byte", textEncoder, border: 4 });
  paint(file, modules.length * SCALE, (x, y) => modules[Math.floor(y / SCALE)]![Math.floor(x / SCALE)]!);
}

const blank = (file: string): void => paint(file, 200, () => false);

function paint(file: string, side: number, isDark: (x: number, y: number) => boolean): void {
  const picture = new PNG({ width: side, height: side });
  for (let at = 0; at < side * side; at++) {
    const light = isDark(at % side, Math.floor(at / side)) ? 0 : 255;
    picture.data.set([light, light, light, 255], at * 4);
  }
  writeFileSync(file, PNG.sync.write(picture));
}
