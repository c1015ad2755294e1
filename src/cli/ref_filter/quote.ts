/** A language whose strings a value is written as. */
export type QuoteStyle = "shell" | "perl" | "python" | "tcl";

/** Writes a value as a string of a language, for scripts that are evaluated. */
export function quoteValue(value: string, style: QuoteStyle): string {
  switch (style) {
    case "shell":
      return `'${value.replace(/['!]/g, (character) => `'\\${character}'`)}'`;
    case "perl":
      return `'${value.replace(/['\\]/g, "\\$&")}'`;
    case "python":
      return `'${value.replace(/['\\]/g, "\\$&").replaceAll("\n", "\\n")}'`;
    case "tcl":
      return `"${value.replace(/[[\]{}$\\"]/g, "\\$&").replace(/[\f\r\n\t\v]/g, escapeControl)}"`;
  }
}

const CONTROL: Readonly<Record<string, string>> = {
  "\f": "\\f",
  "\r": "\\r",
  "\n": "\\n",
  "\t": "\\t",
  "\v": "\\v",
};

function escapeControl(character: string): string {
  return CONTROL[character] ?? character;
}
