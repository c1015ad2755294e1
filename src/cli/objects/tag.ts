import { decodeText } from "../../bytes/text.ts";
import type { GitObject } from "../../refs/object_reader.ts";

/** The object that an annotated tag names; `undefined` when it is no tag. */
export function taggedObject({ type, content }: GitObject): string | undefined {
  if (type !== "tag") return undefined;
  const line = decodeText(content, 0, content.indexOf(0x0a));
  return /^object ([0-9a-f]+)$/.exec(line)?.[1];
}
