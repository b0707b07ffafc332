import { describe, expect, it } from "vitest";
import { causeText, ERROR_CODES, type ErrorCode, SottoError, toSottoError } from "../src/errors.ts";

const CODES = Object.entries(ERROR_CODES) as [ErrorCode, readonly [number, string]][];

describe("every code", () => {
  it.each(CODES)("%s has an exit code of the contract and a cure in words", (code, [exitCode, cure]) => {
    expect(code).toMatch(/^[A-Z]+(?:_[A-Z]+)*$/);
    expect([1, 2, 3, 4]).toContain(exitCode);
    expect(cure).toMatch(/^[a-z].*[^.]$/s);
    expect(new SottoError(code, "it happened")).toMatchObject({ code, exitCode, cure });
  });

  it("ends with 1 only where a send or a verification was refused, and with 4 only where nobody answered", () => {
    const withExit = (exit: number) =>
      CODES.filter(([, [exitCode]]) => exitCode === exit).map(([code]) => code);
    expect(withExit(4)).toEqual(["HOMESERVER_UNREACHABLE"]);
    for (const code of withExit(1))
      expect(code).toMatch(
        /^(?:ROOM|CLEAR_EVENT|AUDIT_LOG|IDENTITY|FINGERPRINT|VERIFICATION|MEMBER_NOT|RECIPIENTS|NOT_CONFIRMED|ARCHIVE)/,
      );
  });
});

describe("an error", () => {
  it("is printed with code, message, cause and cure", () => {
    const error = new SottoError("DISK_FULL", "the disk is full", { cause: new Error("ENOSPC") });
    expect(JSON.parse(JSON.stringify(error))).toEqual({
      code: "DISK_FULL",
      message: "the disk is full",
      cause: "ENOSPC",
      cure: ERROR_CODES.DISK_FULL[1],
    });
  });

  it("without a cause has none in print either", () => {
    expect(new SottoError("USAGE", "wrong").toJSON()).not.toHaveProperty("cause");
    expect(Object.hasOwn(new SottoError("USAGE", "wrong"), "cause")).toBe(false);
  });

  it("keeps the cure of whoever knew better, and how long to wait", () => {
    const error = new SottoError("RATE_LIMITED", "too fast", { cure: "wait a minute", retryAfterMs: 60_000 });
    expect(error).toMatchObject({ cure: "wait a minute", retryAfterMs: 60_000 });
  });
});

describe("the cause in words", () => {
  it("is the innermost there is", () => {
    const inner = new Error("connection refused");
    expect(causeText(new Error("outer", { cause: new Error("middle", { cause: inner }) }))).toBe(
      "connection refused",
    );
    expect(causeText("as it is")).toBe("as it is");
    expect(causeText(undefined)).toBeUndefined();
    expect(causeText(null)).toBeUndefined();
  });
});

describe("whatever was thrown", () => {
  it("stays what it is if it is ours", () => {
    const error = new SottoError("USAGE", "wrong");
    expect(toSottoError(error)).toBe(error);
  });

  it.each([
    ["an error of the file system", Object.assign(new Error("no space"), { code: "ENOSPC" })],
    ["an error of the database", Object.assign(new Error("full"), { code: "ERR_SQLITE_ERROR", errcode: 13 })],
    ["an error of the engine", new Error("QuotaExceededError (22): database or disk is full")],
  ])("is a full disk where %s says so", (_where, thrown) => {
    expect(toSottoError(thrown)).toMatchObject({ code: "DISK_FULL", cause: thrown });
  });

  it.each([new TypeError("x is not a function"), "a string", undefined, null, 42])(
    "is a bug otherwise: %s",
    (thrown) => {
      const error = toSottoError(thrown);
      expect(error).toBeInstanceOf(SottoError);
      expect(error).toMatchObject({ code: "INTERNAL", exitCode: 3 });
      expect(error.message).toBe(thrown instanceof Error ? thrown.message : String(thrown));
    },
  );
});
