import { expect, it } from "vitest";
import { parseListen } from "../../src/model/listen.ts";

it.each([
  ["9090", { host: "127.0.0.1", port: 9090 }],
  [":9090", { host: "127.0.0.1", port: 9090 }],
  ["0.0.0.0:9090", { host: "0.0.0.0", port: 9090 }],
  ["localhost:0", { host: "localhost", port: 0 }],
  ["[::1]:9090", { host: "::1", port: 9090 }],
  ["/run/sotto/health.sock", { path: "/run/sotto/health.sock" }],
  ["./health.sock", { path: "./health.sock" }],
])("%s is where a server may listen", (written, address) => {
  expect(parseListen(written)).toEqual(address);
});

it.each(["", "metrics", "65536", "127.0.0.1", "127.0.0.1:", "::1:9090", "a b:1", "127.0.0.1:-1"])(
  "%j is nowhere",
  (written) => {
    expect(parseListen(written)).toBeUndefined();
  },
);
