import type { Context } from "../context.ts";
import { fatal } from "../failure.ts";
import { strongestNeed } from "./format.ts";
import type { ValueAtom } from "./atoms.ts";
import type { RefItem } from "./item.ts";

/** Reads what must be known of an item's object; false when the item is not wanted after all. */
export type Loader = (item: RefItem) => Promise<boolean>;

/** Makes what reads the objects of refs, as far as some values need them. */
export function prepareLoading(atoms: readonly ValueAtom[], _context: Context): Loader | undefined {
  const need = strongestNeed(atoms);
  if (need === "nothing") return undefined;
  const name = atoms.find((atom) => atom.need !== "nothing")!.name;
  throw fatal(`%(${name}) is not supported: objects cannot be read`);
}
