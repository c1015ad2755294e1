import { ReftableError } from "../errors.ts";

/**
 * Makes one line of the reason for a change, as logs want it: white space becomes single spaces, and there is none at
 * either end. What is white space to Git is so here: spaces, tabs and the ends of lines.
 */
export function collapseMessage(message: string): string {
  return message.replace(/[ \t\n\r]+/g, " ").replace(/^ | $/g, "");
}

/**
 * Makes one line of the reason that was given for a change; other control characters are kept, as Git keeps them.
 *
 * @throws {ReftableError} With code `"api"` when there is a NUL in it, where Git would take it to end.
 */
export function givenMessage(message: string): string {
  if (!message.includes("\0")) return collapseMessage(message);
  throw new ReftableError("api", `Cannot log the message ${JSON.stringify(message)}: it has a NUL`);
}
