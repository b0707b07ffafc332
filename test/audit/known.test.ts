import { expect, it } from "vitest";
import { any, isOwnAddress } from "../../src/audit/known.ts";
import { isReachable } from "../../src/audit/listeners.ts";
import { known, unread } from "../support/facts.ts";

it("gives what was read of several facts, and every reason once where nothing was", () => {
  expect(any(known(1), unread("504"))).toEqual(known([1, undefined]));
  expect(any(known(null), known(false))).toEqual(known([null, false]));
  expect(any(unread("504"), unread("no file"), unread("504"))).toEqual(unread("504; no file"));
  const notAsked = { unread: "no file", notAsked: true } as const;
  expect(any(notAsked, notAsked)).toEqual(notAsked);
  expect(any(notAsked, unread("504"))).toEqual(unread("no file; 504"));
});

it("knows this machine's own addresses", () => {
  expect(["http://127.0.0.1:8008", "http://localhost", "http://[::1]:1"].filter(isOwnAddress)).toHaveLength(
    3,
  );
  expect(["https://matrix.example.org", "http://10.0.0.1", "no URL"].filter(isOwnAddress)).toEqual([]);
});

it("knows an address that others reach", () => {
  const at = (...bindAddresses: string[]) =>
    isReachable({ port: 1, bindAddresses, resources: [], isTls: false });
  expect([at("127.0.0.1", "::1"), at("localhost"), at("127.8.0.1")]).toEqual([false, false, false]);
  expect([at("::"), at("0.0.0.0"), at(""), at("127.0.0.1", "192.0.2.1")]).toEqual([true, true, true, true]);
});
