/** The signals that end a program from outside, with their numbers. */
const SIGNALS = [["SIGINT", 2], ["SIGHUP", 1], ["SIGTERM", 15]] as const;

/** What is interrupted leaves neither a lock nor a temporary file behind. */
export function removeFilesOnSignals(): void {
  for (const [signal, number] of SIGNALS) {
    if (signal !== "SIGINT" && Deno.build.os === "windows") continue;
    Deno.addSignalListener(signal, async () => {
      // Loaded when it is needed: most commands hold no locks, and shall start soon.
      const { removePendingFiles } = await import("../io/pending_file.ts");
      removePendingFiles();
      // As a shell reports a program that the signal ended.
      Deno.exit(128 + number);
    });
  }
}
