import { assert, assertEquals, assertGreater, assertNotEquals, assertRejects } from "@std/assert";
import { checkInput, formatInput, type Input, makeInput, parseInput, TARGETS } from "./fuzz.ts";

/** How many inputs are checked here; `deno task fuzz` checks as many as there is time for. */
const INPUTS = 1500;

const KEPT = new URL("./kept/", import.meta.url);

Deno.test("whatever is read is refused by a ReftableError or read right", async () => {
  const counts = new Map<string, number>();
  for (let number = 0; number < INPUTS; number++) {
    const input = makeInput(2026, number);
    try {
      await checkInput(input);
    } catch (cause) {
      throw new Error(`input ${number}: ${formatInput(input)}`, { cause });
    }
    counts.set(input.target.name, (counts.get(input.target.name) ?? 0) + 1);
  }
  for (const { name } of TARGETS) assertGreater(counts.get(name) ?? 0, 0, name);
  const each = [...counts].map(([name, count]) => `${count} ${name}`).join(", ");
  console.log(`${INPUTS} fuzz inputs: ${each}`);
});

Deno.test("inputs that failed once do so no more", async () => {
  for (const { name } of Deno.readDirSync(KEPT)) {
    const input = parseInput(Deno.readTextFileSync(new URL(name, KEPT)));
    try {
      await checkInput(input);
    } catch (cause) {
      throw new Error(name, { cause });
    }
  }
});

Deno.test("makeInput() makes the same of the same seed and number, and another of others", () => {
  const texts = new Set<string>();
  for (let number = 0; number < 50; number++) {
    const text = formatInput(makeInput(7, number));
    assertEquals(text, formatInput(makeInput(7, number)));
    assertEquals(formatInput(parseInput(text)), text);
    texts.add(text);
  }
  assertGreater(texts.size, 45);
  assertNotEquals(formatInput(makeInput(8, 0)), formatInput(makeInput(7, 0)));
});

Deno.test("most inputs are neither sound nor hopeless", async () => {
  // Tables that are changed so much that their first bytes refuse them would test nothing else.
  let deep = 0;
  let count = 0;
  for (let number = 0; count < 100; number++) {
    const { target, files } = makeInput(3, number);
    if (target.name !== "table") continue;
    count++;
    const { verifyTable } = await import("@reftable/reftable");
    const { header, problems } = await verifyTable(files["table"]!);
    if (header && problems.length > 0) deep++;
  }
  assertGreater(deep, 40);
});

Deno.test("checkInput() notices what takes too much memory, and every other error", async () => {
  const [target] = TARGETS;
  assert(target);
  const kept: Uint8Array[] = [];
  const inputOf = (check: () => void): Input => ({ target: { ...target, check }, files: {} });
  const greedy = inputOf(() => void kept.push(new Uint8Array(200 << 20).fill(1)));
  await assertRejects(() => checkInput(greedy), Error, "of memory");
  assertEquals(kept.length, 1);
  const broken = inputOf(() => {
    throw new RangeError("Maximum call stack size exceeded");
  });
  await assertRejects(() => checkInput(broken), RangeError);
});
