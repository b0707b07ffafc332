import { expect, it } from "vitest";
import { Marks } from "../../../src/service/patrol/marks.ts";

let nowMs = 0;
const at = (ms: number): void => {
  nowMs = ms;
};
const newMarks = (): Marks => {
  at(0);
  return new Marks(() => nowMs);
};
const BOB = "@bob:example.org";

it("what has changed is looked at soon, once, and rests then, however often it changes", () => {
  const marks = newMarks();
  marks.add(["!room", BOB]);
  marks.add(["!room"]);
  expect(marks.take()).toEqual(new Set());
  expect(marks.nextMs()).toBe(500);
  at(500);
  expect(marks.take()).toEqual(new Set(["!room", BOB]));
  marks.looked(new Set(["!room", BOB]), []);
  expect(marks.nextMs()).toBeUndefined();
  for (let ms = 600; ms < 5_000; ms += 100) {
    at(ms);
    marks.add(["!room"]);
    expect(marks.take()).toEqual(new Set());
  }
  expect(marks.nextMs()).toBe(5_500);
  at(5_500);
  expect(marks.take()).toEqual(new Set(["!room"]));
});

it("what changes during a look is looked at again", () => {
  const marks = newMarks();
  marks.add(["!room"]);
  at(500);
  const taken = marks.take();
  marks.add(["!room"]);
  marks.looked(taken, []);
  expect(marks.waiting()).toEqual(new Set(["!room"]));
});

it("what could not be read is tried later and later, and at once where it changes", () => {
  const marks = newMarks();
  const pauses: number[] = [];
  marks.add(["!room"]);
  for (let round = 0; round < 8; round += 1) {
    at(marks.nextMs()!);
    const taken = marks.take();
    expect(taken.size).toBe(1);
    marks.looked(taken, taken);
    pauses.push((marks.nextMs()! - nowMs) / 1_000);
  }
  expect(pauses).toEqual([30, 60, 120, 240, 480, 900, 900, 900]);
  at(nowMs + 5_000);
  marks.add(["!room"]);
  expect(marks.nextMs()! - nowMs).toBe(500);
});

it("ten rooms are in one look; the others wait, and however much a homeserver tells of is too much", () => {
  const marks = newMarks();
  const rooms = Array.from({ length: 25 }, (_, room) => `!${room}`);
  const users = Array.from({ length: 200_000 }, (_, user) => `@${user}:example.org`);
  marks.add([...rooms, ...users]);
  expect(marks.nextMs()).toBe(500);
  at(500);
  expect(marks.take().size).toBe(10 + users.length);
  expect([...marks.waiting()]).toEqual(rooms.slice(10));
});
