/** Control characters, which a terminal would obey, and marks that turn the direction of what follows. */
// deno-lint-ignore no-control-regex
const CONTROL = /[\x00-\x1f\x7f-\x9f\u061c\u200e\u200f\u2028\u2029\u202a-\u202e\u2066-\u2069]/g;

/** Spells the control characters of a line, so that it can be shown whatever stands in it. */
export function printable(line: string): string {
  return line.replace(CONTROL, (character) => {
    const code = character.charCodeAt(0);
    // As it is spelled in JSON, where those below 0x20 are spelled already.
    const [letter, digits] = code < 0x20 ? ["x", 2] as const : ["u", 4] as const;
    return `\\${letter}${code.toString(16).padStart(digits, "0")}`;
  });
}

/** The same but for newlines, tabs and NULs, and for sequences that do no more than colour what follows. */
const CONTROL_IN_TEXT =
  // deno-lint-ignore no-control-regex
  /\x1b(?!\[[0-9;]*m)|[\x01-\x08\x0b-\x1a\x1c-\x1f\x7f-\x9f\u061c\u200e\u200f\u2028\u2029\u202a-\u202e\u2066-\u2069]/g;

/** Spells the control characters of a text that goes to a terminal. */
export function printableText(text: string): string {
  return text.replace(CONTROL_IN_TEXT, printable);
}
