import { fatal, UsageError } from "../failure.ts";
import { type Atom, type Need, parseAtom, type ValueAtom } from "./atoms.ts";
import type { RefItem, RefSurroundings } from "./item.ts";
import { type QuoteStyle, quoteValue, RESET } from "./text.ts";

/** A part of a format: text that stands for itself, or something to be shown. */
type Part = string | Atom;

/** A format that is ready for use. */
export interface RefFormat {
  /** The values that it shows. */
  readonly atoms: readonly ValueAtom[];
  /**
   * Shows a ref.
   *
   * @throws {Failure} When the parts of the format do not fit together, in Git's words.
   */
  format(item: RefItem): string;
}

/** How to read a format. */
export interface FormatOptions {
  /** The language whose strings the values are written as; none by default. */
  readonly quote?: QuoteStyle | undefined;
}

/**
 * Parses a format: `%(<value>)` shows something of a ref, `%%` is a percent sign, `%0a` the character with that number.
 *
 * @throws {Failure} When something in it is not known, in Git's words.
 */
export function parseFormat(
  text: string,
  around: RefSurroundings,
  { quote }: FormatOptions = {},
): RefFormat {
  const parts = splitFormat(text, around);
  const atoms = parts.filter((part) => typeof part !== "string" && part.kind === "value");
  if (quote !== undefined && quote !== "perl") refuseRaw(parts);
  // A colour that nothing ends would go on behind the line.
  const last = atoms.findLast(({ name }) => name.startsWith("color:"));
  const reset = around.color && last !== undefined && last.name !== "color:reset" ? RESET : "";
  const write = quote === undefined
    ? (value: string) => value
    : (value: string) => quoteValue(value, quote);
  const isFlat = parts.every((part) => typeof part === "string" || part.kind === "value");
  const end = reset === "" ? "" : write(reset);
  if (isFlat) {
    return {
      atoms,
      format(item) {
        let line = "";
        for (const part of parts as readonly (string | ValueAtom)[]) {
          line += typeof part === "string" ? part : write(part.value(item));
        }
        return line + end;
      },
    };
  }
  return { atoms, format: (item) => new Formatter(write).run(parts, item) + end };
}

/** Tells what must be known of the objects so that values can be shown. */
export function strongestNeed(atoms: readonly ValueAtom[]): Need {
  if (atoms.some(({ need, deref }) => need === "content" || (deref && need === "type"))) {
    return atoms.some(({ need }) => need === "content") ? "content" : "type";
  }
  return atoms.some(({ need }) => need === "type") ? "type" : "nothing";
}

function splitFormat(text: string, around: RefSurroundings): Part[] {
  const parts: Part[] = [];
  let literal = "";
  let position = 0;
  while (position < text.length) {
    const rest = text.slice(position, position + 3);
    if (rest.startsWith("%%")) {
      literal += "%";
      position += 2;
    } else if (rest.startsWith("%(")) {
      const end = text.indexOf(")", position);
      if (end < 0) throw malformed(text.slice(position));
      if (literal !== "") parts.push(literal);
      literal = "";
      parts.push(parseAtom(text.slice(position + 2, end), around));
      position = end + 1;
    } else if (/^%[0-9a-f]{2}$/i.test(rest)) {
      literal += byteText(parseInt(rest.slice(1), 16));
      position += 3;
    } else {
      literal += text[position++];
    }
  }
  if (literal !== "") parts.push(literal);
  return parts;
}

function malformed(rest: string): UsageError {
  return new UsageError(`malformed format string ${rest}`);
}

/** A byte as a text that is written as this byte. */
function byteText(byte: number): string {
  return String.fromCharCode(byte < 0x80 ? byte : 0xdc00 + byte);
}

function refuseRaw(parts: readonly Part[]): void {
  for (const part of parts) {
    if (typeof part === "string" || !/^\*?raw:?$/.test(part.name)) continue;
    throw fatal(`--format=${part.name} cannot be used with --python, --shell, --tcl`);
  }
}

/** What is being put together until its `%(end)`. */
type Frame =
  | { readonly kind: "line"; text: string }
  | { readonly kind: "align"; text: string; apply(text: string): string }
  | {
    readonly kind: "if";
    text: string;
    holds(text: string): boolean;
    /** What came out at `%(then)`. */
    condition?: boolean;
    /** What stood between `%(then)` and `%(else)`. */
    whenTrue?: string;
  };

/** Shows one ref by a format in which values depend on each other. */
class Formatter {
  readonly #write: (value: string) => string;
  readonly #stack: Frame[] = [{ kind: "line", text: "" }];

  constructor(write: (value: string) => string) {
    this.#write = write;
  }

  run(parts: readonly Part[], item: RefItem): string {
    for (const part of parts) {
      const top = this.#stack.at(-1)!;
      if (typeof part === "string") top.text += part;
      else if (part.kind === "value") top.text += this.#quoted(part.value(item));
      else this.#control(part, top);
    }
    const [line, open] = this.#stack;
    if (open) throw fatal("format: %(end) atom missing");
    return line!.text;
  }

  /** Values are quoted where they reach the line; what depends on others, as a whole. */
  #quoted(value: string): string {
    return this.#stack.length === 1 ? this.#write(value) : value;
  }

  #control(atom: Exclude<Atom, ValueAtom>, top: Frame): void {
    switch (atom.kind) {
      case "align":
        this.#stack.push({ kind: "align", text: "", apply: atom.apply });
        return;
      case "if":
        this.#stack.push({ kind: "if", text: "", holds: atom.holds });
        return;
      case "then":
        if (top.kind !== "if") throw without("then", "if");
        if (top.condition !== undefined) throw fatal("format: %(then) atom used more than once");
        top.condition = top.holds(top.text);
        top.text = "";
        return;
      case "else":
        if (top.kind !== "if") throw without("else", "if");
        if (top.condition === undefined) throw without("else", "then");
        if (top.whenTrue !== undefined) throw fatal("format: %(else) atom used more than once");
        top.whenTrue = top.text;
        top.text = "";
        return;
      case "end": {
        if (top.kind === "line") {
          throw fatal("format: %(end) atom used without corresponding atom");
        }
        const text = top.kind === "align" ? top.apply(top.text) : choose(top);
        this.#stack.pop();
        this.#stack.at(-1)!.text += this.#quoted(text);
      }
    }
  }
}

function choose({ text, condition, whenTrue }: Extract<Frame, { kind: "if" }>): string {
  if (condition === undefined) throw without("if", "then");
  if (whenTrue === undefined) return condition ? text : "";
  return condition ? whenTrue : text;
}

function without(atom: string, other: string) {
  return fatal(`format: %(${atom}) atom used without a %(${other}) atom`);
}
