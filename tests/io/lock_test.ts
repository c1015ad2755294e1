import { assert, assertEquals, assertRejects } from "@std/assert";
import { denoFileSystem, type FileSystem, ReftableError } from "@reftable/reftable";
import { acquireLock } from "../../src/io/lock.ts";
import { removePendingFiles } from "../../src/io/pending_file.ts";

function tidyTest(name: string, fn: (path: string) => Promise<void>): void {
  Deno.test({
    name,
    sanitizeOps: true,
    sanitizeResources: true,
    async fn() {
      const dir = Deno.makeTempDirSync({ prefix: "reftable-lock-" });
      try {
        await fn(`${dir}/file`);
      } finally {
        Deno.removeSync(dir, { recursive: true });
      }
    },
  });
}

function exists(path: string): boolean {
  return denoFileSystem.statSync(path) !== undefined;
}

/** A file system that tells before each try to create a file how many there were. */
function counting(onTry: (tries: number) => void = () => {}): FileSystem & { tries: number } {
  const fileSystem = {
    ...denoFileSystem,
    tries: 0,
    create: (...args: Parameters<FileSystem["create"]>) => {
      onTry(++fileSystem.tries);
      return denoFileSystem.create(...args);
    },
  };
  return fileSystem;
}

/** Calls what waits for a time at once, and tells how long it would have waited. */
async function withoutPauses(action: () => Promise<void>): Promise<number[]> {
  const { setTimeout } = globalThis;
  const pauses: number[] = [];
  const atOnce = (callback: () => void, pause = 0) => {
    pauses.push(pause);
    queueMicrotask(callback);
  };
  globalThis.setTimeout = atOnce as unknown as typeof setTimeout;
  try {
    await action();
  } finally {
    globalThis.setTimeout = setTimeout;
  }
  return pauses;
}

tidyTest("acquireLock() creates a file that takes the locked one's place", async (path) => {
  Deno.writeTextFileSync(path, "old");
  {
    await using lock = await acquireLock(denoFileSystem, path, { timeout: 0 });
    assertEquals(lock.path, `${path}.lock`);
    assertEquals(Deno.readTextFileSync(lock.path), "");
    lock.write(new TextEncoder().encode("new"));
    assertEquals(Deno.readTextFileSync(path), "old");
    await lock.commit(path);
  }
  assertEquals([Deno.readTextFileSync(path), exists(`${path}.lock`)], ["new", false]);
});

tidyTest("acquireLock() leaves the locked file alone when the lock is given back", async (path) => {
  Deno.writeTextFileSync(path, "old");
  {
    await using lock = await acquireLock(denoFileSystem, path, { timeout: 0 });
    lock.write(new TextEncoder().encode("new"));
  }
  assertEquals([Deno.readTextFileSync(path), exists(`${path}.lock`)], ["old", false]);
});

tidyTest(
  "acquireLock() names the lock that is held, its age and what can be done",
  async (path) => {
    const lockPath = `${path}.lock`;
    Deno.writeTextFileSync(lockPath, "somebody else's");
    const ages: readonly [seconds: number, age: string][] = [
      [-30, "0 seconds"],
      [0, "0 seconds"],
      [1, "1 second"],
      [5, "5 seconds"],
      [110, "110 seconds"],
      [300, "5 minutes"],
      [7000, "117 minutes"],
      [3 * 3600, "3 hours"],
      [47 * 3600, "47 hours"],
      [75 * 3600, "3 days"],
    ];
    const { now } = Date;
    const present = now();
    Date.now = () => present;
    try {
      for (const [seconds, age] of ages) {
        const time = present / 1000 - seconds;
        Deno.utimeSync(lockPath, time, time);
        const error = await assertRejects(
          () => acquireLock(denoFileSystem, path, { timeout: 0 }),
          ReftableError,
        );
        assertEquals([error.code, error.file], ["lock", lockPath]);
        assertEquals(
          error.message,
          `Cannot lock "${path}": somebody holds "${lockPath}", for ${age}. ` +
            "Try again when it is gone; if whoever made it was killed, remove it",
        );
      }
    } finally {
      Date.now = now;
    }
    assertEquals(Deno.readTextFileSync(lockPath), "somebody else's");
  },
);

tidyTest("acquireLock() tells no age of a lock that has just gone", async (path) => {
  Deno.writeTextFileSync(`${path}.lock`, "");
  const fileSystem = {
    ...denoFileSystem,
    stat: async (path: string | URL) => {
      Deno.removeSync(path);
      return await denoFileSystem.stat(path);
    },
  };
  const error = await assertRejects(
    () => acquireLock(fileSystem, path, { timeout: 0 }),
    ReftableError,
  );
  assertEquals(
    error.message,
    `Cannot lock "${path}": somebody holds "${path}.lock". ` +
      "Try again when it is gone; if whoever made it was killed, remove it",
  );
});

tidyTest("acquireLock() tries once without patience", async (path) => {
  Deno.writeTextFileSync(`${path}.lock`, "");
  const fileSystem = counting();
  const pauses = await withoutPauses(async () => {
    await assertRejects(() => acquireLock(fileSystem, path, { timeout: 0 }), ReftableError);
  });
  assertEquals([fileSystem.tries, pauses], [1, []]);
});

tidyTest("acquireLock() tries until its patience is at an end", async (path) => {
  Deno.writeTextFileSync(`${path}.lock`, "");
  const fileSystem = counting();
  await assertRejects(() => acquireLock(fileSystem, path, { timeout: 30 }), ReftableError, "lock");
  assert(fileSystem.tries >= 2, `${fileSystem.tries} tries`);
  assert(exists(`${path}.lock`));
});

tidyTest("acquireLock() gets a lock that is given back in time", async (path) => {
  for (const timeout of [60_000, -1]) {
    Deno.writeTextFileSync(`${path}.lock`, "");
    const fileSystem = counting((tries) => {
      if (tries === 4) Deno.removeSync(`${path}.lock`);
    });
    await using lock = await acquireLock(fileSystem, path, { timeout });
    assertEquals([fileSystem.tries, exists(lock.path)], [4, true]);
  }
});

tidyTest("acquireLock() pauses longer and longer, but not everybody alike", async (path) => {
  const runs: number[][] = [];
  for (let run = 0; run < 2; run++) {
    Deno.writeTextFileSync(`${path}.lock`, "");
    const fileSystem = counting((tries) => {
      if (tries === 60) Deno.removeSync(`${path}.lock`);
    });
    const pauses = await withoutPauses(async () => {
      await using _lock = await acquireLock(fileSystem, path, { timeout: -1 });
    });
    assertEquals(pauses.length, 59);
    for (const [i, pause] of pauses.entries()) {
      const usual = Math.min((i + 1) ** 2, 1000);
      assert(pause >= 0.75 * usual && pause <= 1.25 * usual, `pause ${i} of ${pause}`);
    }
    runs.push(pauses);
  }
  assert(runs[0]!.filter((pause, i) => pause === runs[1]![i]).length < 5, "the same pauses twice");
});

tidyTest("acquireLock() does not pause longer than its patience lasts", async (path) => {
  Deno.writeTextFileSync(`${path}.lock`, "");
  const { now } = Date;
  let time = 0;
  Date.now = () => time;
  // Each try takes so long that next to nothing is left behind the fourth.
  const fileSystem = counting(() => time += 24.9);
  try {
    const pauses = await withoutPauses(async () => {
      await assertRejects(() => acquireLock(fileSystem, path, { timeout: 100 }), ReftableError);
    });
    assertEquals([fileSystem.tries, pauses.length], [5, 4]);
    for (const [i, pause] of pauses.entries()) assert(pause <= 100 - 24.9 * (i + 1) + 1e-6);
  } finally {
    Date.now = now;
  }
});

tidyTest("acquireLock() gives a lock to one at a time", async (path) => {
  Deno.writeTextFileSync(path, "0");
  await Promise.all(Array.from({ length: 30 }, async () => {
    await using lock = await acquireLock(denoFileSystem, path, { timeout: -1 });
    const count = Number(Deno.readTextFileSync(path));
    await new Promise((resolve) => setTimeout(resolve));
    lock.write(new TextEncoder().encode(`${count + 1}`));
    await lock.commit(path);
  }));
  assertEquals([Deno.readTextFileSync(path), exists(`${path}.lock`)], ["30", false]);
});

tidyTest("acquireLock() never removes somebody else's lock", async (path) => {
  const lockPath = `${path}.lock`;
  Deno.writeTextFileSync(lockPath, "somebody else's");
  const old = Date.now() / 1000 - 1e6;
  Deno.utimeSync(lockPath, old, old);
  for (const timeout of [0, 10]) {
    await assertRejects(() => acquireLock(denoFileSystem, path, { timeout }), ReftableError);
  }
  removePendingFiles();
  assertEquals(Deno.readTextFileSync(lockPath), "somebody else's");
});

tidyTest("acquireLock() does not wait where no lock can be", async (path) => {
  const fileSystem = counting();
  const attempt = () => acquireLock(fileSystem, `${path}/below/file`, { timeout: -1 });
  const error = await assertRejects(attempt, ReftableError, "Cannot create");
  assertEquals([error.code, fileSystem.tries], ["not-exist", 1]);
  Deno.writeTextFileSync(path, "");
  assertEquals((await assertRejects(attempt, ReftableError)).code, "io");
});

tidyTest("acquireLock() gives the lock the permissions that the file shall have", async (path) => {
  if (Deno.build.os === "windows") return;
  for (const mode of [0o600, 0o666, 0o640, { atLeast: 0o664 }]) {
    await using lock = await acquireLock(denoFileSystem, path, { timeout: 0, mode });
    await lock.commit(path);
    const bits = Deno.statSync(path).mode! & 0o777;
    if (typeof mode === "number") assertEquals(bits, mode);
    else assertEquals(bits & mode.atLeast, mode.atLeast);
  }
});
