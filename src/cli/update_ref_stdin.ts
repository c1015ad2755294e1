import { ReftableError } from "../errors.ts";
import { refnameProblem } from "../format/refname.ts";
import type { RefStore } from "../refs/ref_store.ts";
import type { RefTransaction, UpdateOptions } from "../refs/ref_transaction.ts";
import type { RefRejection } from "../refs/transaction/update.ts";
import type { Context } from "./context.ts";
import { fatal } from "./failure.ts";
import { Records } from "./input.ts";
import { isZeroOid, resolveOid } from "./revision.ts";
import { InstructionParser } from "./update_ref_parser.ts";

/** How the instructions are to be read. */
export interface StdinOptions {
  /** What ends an instruction, and with NUL each word of it. */
  readonly terminator: "\n" | "\0";
  /** Whether single refs may be rejected. */
  readonly allowRejections: boolean;
}

/** How far a series of instructions is. */
type State = "open" | "started" | "prepared" | "closed";

/** An instruction: how many words it has behind its name, and to which state it leads. */
interface Instruction {
  readonly words: number;
  readonly leadsTo: State;
  /** Does it: at once, unless it has to wait for something. */
  run(series: Series, parser: InstructionParser): void | Promise<void>;
}

/**
 * Does what standard input says.
 *
 * @returns The exit code.
 */
export async function updateFromStdin(
  context: Context,
  options: UpdateOptions,
  { terminator, allowRejections }: StdinOptions,
): Promise<number> {
  const refs = await context.refs();
  await using series = new Series(context, refs, options, allowRejections);
  const records = new Records(context.system, terminator);
  for (let line; (line = records.take() ?? await records.next()) !== undefined;) {
    const space = line.indexOf(" ");
    const end = space < 0 ? line.length - 1 : space;
    const word = line.slice(0, end);
    const instruction = INSTRUCTIONS.get(word);
    if (
      instruction === undefined || line.charAt(end) !== (instruction.words > 0 ? " " : terminator)
    ) {
      throw noInstruction(line, terminator);
    }
    if (terminator === "\0") {
      for (let i = 1; i < instruction.words; i++) {
        line += await records.next() ?? "";
      }
    }
    series.enter(instruction.leadsTo);
    const start = instruction.words > 0 ? end + 1 : end;
    const running = instruction.run(series, new InstructionParser(line, start, terminator, word));
    // Mostly nothing is to be waited for.
    if (running) await running;
  }
  await series.end();
  return 0;
}

/** Says what is wrong with a line that begins with the name of no instruction. */
function noInstruction(line: string, terminator: "\n" | "\0"): Error {
  if (line.startsWith(terminator)) return fatal("empty command in input");
  if (/^[ \t-\r]/.test(line)) return fatal(`whitespace before command: ${line}`);
  return fatal(`unknown command: ${line}`);
}

/** Transactions one after the other, as the instructions have them. */
class Series implements AsyncDisposable {
  readonly #context: Context;
  readonly #refs: RefStore;
  /** How refs are changed; how the next one is. */
  readonly #options: UpdateOptions;
  #nextOptions: UpdateOptions;
  readonly #allowRejections: boolean;
  #transaction: RefTransaction;
  #state: State = "open";

  constructor(context: Context, refs: RefStore, options: UpdateOptions, allowRejections: boolean) {
    this.#context = context;
    this.#refs = refs;
    this.zero = "0".repeat(refs.hash === "sha1" ? 40 : 64);
    this.#options = { ...options, noDeref: options.noDeref ?? false };
    this.#nextOptions = this.#options;
    this.#allowRejections = allowRejections;
    this.#transaction = this.#begin();
  }

  /** Goes on to an instruction that leads to a state. */
  enter(next: State): void {
    switch (this.#state) {
      case "open":
      case "started":
        if (this.#state === "started" && next === "started") {
          throw fatal("cannot restart ongoing transaction");
        }
        if (next !== "open") this.#state = next;
        return;
      case "prepared":
        if (next !== "closed") throw fatal("prepared transactions can only be closed");
        this.#state = next;
        return;
      case "closed":
        if (next !== "started") throw fatal("transaction is closed");
        this.#state = next;
        this.#transaction = this.#begin();
    }
  }

  /** Whether the instruction is about a symbolic ref itself. */
  get noDeref(): boolean {
    return this.#nextOptions.noDeref ?? false;
  }

  /** Has the next instruction be about a symbolic ref itself. */
  setNoDeref(): void {
    this.#nextOptions = { ...this.#options, noDeref: true };
  }

  /** An object id of zeros. */
  readonly zero: string;

  /** Tells that something is odd. */
  warn(message: string): void {
    this.#context.warn(message);
  }

  /** Finds the object that a revision means, if any. */
  lookUp(revision: string): Promise<string | undefined> {
    return resolveOid(this.#context, revision);
  }

  /** Adds to the transaction. */
  add(
    change: (transaction: RefTransaction, options: UpdateOptions) => void,
  ): void | Promise<void> {
    let checking;
    try {
      change(this.#transaction, this.#nextOptions);
      this.#nextOptions = this.#options;
      checking = this.#transaction.checkObjects();
    } catch (error) {
      throw explained(error, "");
    }
    if (checking) return this.#waitFor(checking);
    this.#printRejections();
  }

  /** Waits until the objects were read that refs are to hold. */
  async #waitFor(checking: Promise<void>): Promise<void> {
    try {
      await checking;
    } catch (error) {
      throw explained(error, "");
    }
    this.#printRejections();
  }

  /** Adds the creation of a ref. */
  create(refname: string, oid: string): void | Promise<void> {
    if (this.#allowRejections) this.#created.add(refname);
    return this.add((transaction, options) => transaction.create(refname, oid, options));
  }
  /** The refs that are to be created, where they may be rejected. */
  readonly #created = new Set<string>();

  /** Adds the update of a ref. */
  update(refname: string, oid: string, expect: string | undefined): void | Promise<void> {
    return this.add((transaction, options) => {
      transaction.update(refname, oid, { ...options, expect });
    });
  }

  /** Adds the deletion of a ref. */
  delete(refname: string, expect: string | undefined): void | Promise<void> {
    return this.add((transaction, options) => {
      transaction.delete(refname, { ...options, expect });
    });
  }

  /** Adds a look at a ref, which shall not be there when nothing is expected. */
  verify(refname: string, oid: string = this.zero): void | Promise<void> {
    return this.add((transaction, options) => transaction.verify(refname, oid, options));
  }

  /** Takes a step with the whole transaction, and says so. */
  async step(name: "start" | "prepare" | "commit" | "abort"): Promise<void> {
    try {
      if (name !== "start") await this.#transaction[name]();
    } catch (error) {
      throw explained(error, `${name}: `);
    }
    if (name === "commit") this.#printRejections();
    this.#context.output.write(`${name}: ok\n`);
    // Who writes the instructions may wait for the answer.
    this.#context.output.flush();
  }

  /** Ends the series: what was never started is done, what was is not. */
  async end(): Promise<void> {
    if (this.#state !== "open") return;
    try {
      await this.#transaction.commit();
    } catch (error) {
      throw explained(error, "");
    }
    this.#printRejections();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#transaction.abort();
  }

  #begin(): RefTransaction {
    this.#created.clear();
    this.#printed = 0;
    return this.#refs.beginTransaction({ allowRejections: this.#allowRejections });
  }

  /** How many rejections were told. */
  #printed = 0;

  /** Tells the rejections that were not told yet: git does when it sees an object, and when it commits. */
  #printRejections(): void {
    const { rejections } = this.#transaction;
    for (; this.#printed < rejections.length; this.#printed++) {
      const rejection = rejections[this.#printed]!;
      this.#context.warn(rejection.error.message, "error");
      this.#context.output.write(this.#format(rejection));
    }
  }

  #format(rejection: RefRejection): string {
    const { refname, newOid, newTarget, oldOid, oldTarget, reason, error } = rejection;
    // Git shows refs as zeros, and what nobody asked for as C's library does.
    const zeroOr = (target: string | undefined) => target === undefined ? "(null)" : this.zero;
    const isEarly = error.code === "new-value" && this.#created.has(refname);
    const old = isEarly ? "(null)" : oldOid ?? zeroOr(oldTarget);
    return `rejected ${refname} ${newOid ?? zeroOr(newTarget)} ${old} ${reason}\n`;
  }
}

function explained(error: unknown, prefix: string): unknown {
  return error instanceof ReftableError ? fatal(prefix + error.message) : error;
}

const INSTRUCTIONS: ReadonlyMap<string, Instruction> = new Map(Object.entries<Instruction>({
  update: {
    words: 3,
    leadsTo: "open",
    run(series, parser) {
      const refname = parser.refname();
      const withNew = (oid: string | undefined) => {
        if (oid === undefined) throw fatal(`update ${refname}: missing <new-oid>`);
        return parser.oid("old", series, (expect) => {
          parser.end();
          return series.update(refname, oid, expect);
        });
      };
      return parser.oid("new", series, withNew, true);
    },
  },
  create: {
    words: 2,
    leadsTo: "open",
    run(series, parser) {
      const refname = parser.refname();
      return parser.oid("new", series, (oid) => {
        if (oid === undefined) throw fatal(`create ${refname}: missing <new-oid>`);
        if (isZeroOid(oid)) throw fatal(`create ${refname}: zero <new-oid>`);
        parser.end();
        return series.create(refname, oid);
      });
    },
  },
  delete: {
    words: 2,
    leadsTo: "open",
    run(series, parser) {
      const refname = parser.refname();
      return parser.oid("old", series, (expect) => {
        if (expect !== undefined && isZeroOid(expect)) {
          throw fatal(`delete ${refname}: zero <old-oid>`);
        }
        parser.end();
        return series.delete(refname, expect);
      });
    },
  },
  verify: {
    words: 2,
    leadsTo: "open",
    run(series, parser) {
      const refname = parser.refname();
      return parser.oid("old", series, (oid) => {
        parser.end();
        return series.verify(refname, oid);
      });
    },
  },
  "symref-update": {
    words: 4,
    leadsTo: "open",
    async run(series, parser) {
      const refname = parser.refname();
      const target = parser.nextRefname();
      if (target === undefined) throw fatal(`symref-update ${refname}: missing <new-target>`);
      const expected = await expectedOfSymref(refname, series, parser);
      parser.end();
      series.add((transaction, options) =>
        transaction.updateSymref(refname, target, { ...options, ...expected })
      );
    },
  },
  "symref-create": {
    words: 2,
    leadsTo: "open",
    run(series, parser) {
      const refname = parser.refname();
      const target = parser.nextRefname();
      if (target === undefined) throw fatal(`symref-create ${refname}: missing <new-target>`);
      parser.end();
      series.add((transaction, options) => transaction.createSymref(refname, target, options));
    },
  },
  "symref-delete": {
    words: 2,
    leadsTo: "open",
    run(series, parser) {
      requireNoDeref("symref-delete", series);
      const refname = parser.refname();
      const expectTarget = parser.nextRefname();
      parser.end();
      series.add((transaction, options) =>
        transaction.deleteSymref(refname, { ...options, expectTarget })
      );
    },
  },
  "symref-verify": {
    words: 2,
    leadsTo: "open",
    run(series, parser) {
      requireNoDeref("symref-verify", series);
      const refname = parser.refname();
      const target = parser.nextRefname();
      parser.end();
      series.add((transaction) => transaction.verifySymref(refname, target));
    },
  },
  option: {
    words: 1,
    leadsTo: "open",
    run(series, parser) {
      if (!/^no-deref[\n\0]$/.test(parser.rest)) throw fatal(`option unknown: ${parser.rest}`);
      series.setNoDeref();
    },
  },
  start: { words: 0, leadsTo: "started", run: (series) => series.step("start") },
  prepare: { words: 0, leadsTo: "prepared", run: (series) => series.step("prepare") },
  abort: { words: 0, leadsTo: "closed", run: (series) => series.step("abort") },
  commit: { words: 0, leadsTo: "closed", run: (series) => series.step("commit") },
}));

function requireNoDeref(name: string, { noDeref }: Series): void {
  if (!noDeref) throw fatal(`${name}: cannot operate with deref mode`);
}

async function expectedOfSymref(
  refname: string,
  series: Series,
  parser: InstructionParser,
): Promise<{ expect?: string; expectTarget?: string }> {
  const kind = parser.nextWord();
  if (kind === undefined) return {};
  const value = parser.nextWord();
  if (value === undefined) throw fatal(`symref-update ${refname}: expected old value`);
  switch (kind) {
    case "oid": {
      const expect = await series.lookUp(value);
      if (expect === undefined) throw fatal(`symref-update ${refname}: invalid oid: ${value}`);
      return { expect };
    }
    case "ref":
      if (refnameProblem(value) === undefined) return { expectTarget: value };
      throw fatal(`symref-update ${refname}: invalid ref: ${value}`);
    default:
      throw fatal(`symref-update ${refname}: invalid arg '${kind}' for old value`);
  }
}
