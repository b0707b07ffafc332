import { expect, it } from "vitest";
import { isInternal, isLoopback } from "../../src/model/loopback.ts";

it.each([
  ...["localhost", "127.0.0.1", "[::1]", "synapse", "matrix.lan", "matrix.local", "hs.internal"],
  ...["hs.home.arpa", "10.0.0.3", "172.17.0.2", "192.168.1.9", "[fd00::7]"],
])("%s is known in the own network only", (hostname) => {
  expect(isInternal(hostname)).toBe(true);
});

it.each([
  ...["matrix.example.org", "8.8.8.8", "172.32.0.1", "11.0.0.1", "[2001:db8::1]", "lan.example.org"],
  ...["10.example.org", "local.example"],
])("%s may be known to anybody", (hostname) => {
  expect([isInternal(hostname), isLoopback(hostname)]).toEqual([false, false]);
});
