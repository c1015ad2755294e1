/**
 * Makes one line of the reason for a change, as logs want it: white space becomes single spaces, and there is none at
 * either end.
 */
export function collapseMessage(message: string): string {
  return message.replace(/[ \t\n\v\f\r]+/g, " ").replace(/^ | $/g, "");
}
