import type { RefStore } from "@reftable/reftable";
import type { Change } from "../interop/ref_groups.ts";

/** Who changes refs where it does not matter who does. */
export const IDENTITY = {
  name: "A U Thor",
  email: "author@example.com",
  time: 1_700_000_000,
  tzOffset: 0,
} as const;

/** Changes the refs of a group in one transaction. */
export async function changeRefs(
  refs: RefStore,
  { names, before, after }: Change,
): Promise<void> {
  await refs.transaction((transaction) => {
    for (const name of names) {
      if (after === undefined) transaction.delete(name, { expect: before });
      else if (before === undefined) transaction.create(name, after);
      else transaction.update(name, after, { expect: before });
    }
  }, { message: "change" });
}
