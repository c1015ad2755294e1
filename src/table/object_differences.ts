import { BlockType } from "../format/block.ts";
import { BlockState, type ProblemList } from "./range_report.ts";
import { type Row, rowAt } from "./verify_sections.ts";

/** So many differences are told apart; more mean that hardly anything fits. */
const MOST = 1000;

/** How many differences of a problem are described. */
const SHOWN = 3;

/** An object is mentioned in a block and not said to be, or the other way round. */
interface Difference {
  /** The beginning of the object's id, in digits. */
  readonly id: string;
  /** The position that a ref block has or should have; `undefined` of an object that is nowhere. */
  readonly block: number | undefined;
  readonly finding: string;
  /** The object blocks that say so, or could. */
  readonly rows: readonly (Row | undefined)[];
}

/** Differences that one damage can explain: they are about the same object, or about the same block. */
interface Group {
  readonly ids: ReadonlySet<string>;
  readonly blocks: ReadonlySet<number>;
  readonly rows: ReadonlySet<Row>;
  readonly differences: readonly Difference[];
}

/** Gathers differences between the objects that refs mention and those of the object section. */
export class ObjectDifferences {
  readonly #rows: readonly Row[];
  readonly #all: Difference[] = [];
  #count = 0;
  /** Whether nothing is wrong with any block. */
  #isAllKnown: boolean | undefined;
  /** Object blocks that name places where no ref block is, with what they say. */
  readonly #misleading = new Map<Row | undefined, Difference>();

  /** @param rows All blocks of the table. */
  constructor(rows: readonly Row[]) {
    this.#rows = rows;
  }

  /** Tells whether it is not known what a block mentions, since something is wrong with it. */
  isUnknown(position: number): boolean {
    const row = rowAt(this.#rows, position);
    return row !== undefined && row.state !== BlockState.sound;
  }

  /**
   * Notes where two lists of positions differ.
   *
   * @param id The beginning of the object's id, in digits.
   * @param expected The ref blocks that mention it.
   * @param listed The ref blocks that the object section says do.
   * @param rows The object block that says so; of an object that is missing, those which it could be in.
   */
  compare(
    id: string,
    expected: Iterable<number>,
    listed: Iterable<number>,
    rows: readonly (Row | undefined)[],
  ): void {
    const missing = new Set(expected);
    for (const block of listed) {
      if (missing.delete(block) || this.isUnknown(block)) continue;
      const row = rowAt(this.#rows, block);
      if (row?.offset === block && row.type === BlockType.ref) {
        const finding = `is said to be in the ref block at offset ${block}, where it is not`;
        this.#add({ id, block, finding, rows });
      } else {
        const finding = `is said to be in a ref block at offset ${block}, where there is none`;
        this.#misleading.set(rows[0], { id, block, finding, rows });
      }
    }
    for (const block of missing) {
      if (this.isUnknown(block)) continue;
      const finding = `is not said to be in the ref block at offset ${block}`;
      this.#add({ id, block, finding, rows });
    }
  }

  /** Notes an object that nobody mentions, unless a block that cannot be read may do so. */
  addUnused(id: string, row: Row): void {
    this.#isAllKnown ??= this.#rows.every(({ state }) => state === BlockState.sound);
    const finding = "is not mentioned by any ref";
    if (this.#isAllKnown) this.#add({ id, block: undefined, finding, rows: [row] });
  }

  #add(difference: Difference): void {
    if (++this.#count <= MOST) this.#all.push(difference);
  }

  /**
   * Adds a problem for each damage that can explain what was noted.
   *
   * @param start Where the object section begins.
   */
  report(start: number, list: ProblemList): void {
    for (const { rows } of [...this.#all, ...this.#misleading.values()]) {
      // Whichever block is wrong, the last key of this one may be.
      for (const row of rows) if (row?.state === BlockState.sound) row.state = BlockState.flawed;
    }
    if (this.#count > MOST) {
      list.add("object", start, `object section and refs differ in ${this.#count} places`);
      return;
    }
    for (const [row, { id, finding }] of this.#misleading) {
      list.add("object", row?.offset ?? start, `object ${id} ${finding}`);
    }
    for (const { blocks, rows, differences } of this.#group()) {
      const [block = start] = blocks;
      const [row] = rows;
      const findings = differences.map(({ id, finding }) => `object ${id} ${finding}`);
      const more = findings.length - SHOWN;
      list.add(
        "object",
        blocks.size > 1 && row ? row.offset : block,
        findings.slice(0, SHOWN).join(", ") + (more > 0 ? `, and ${more} more` : ""),
      );
    }
  }

  #group(): Group[] {
    const inOrder = this.#all.toSorted((a, b) =>
      a.id < b.id ? -1 : a.id > b.id ? 1 : (a.block ?? 0) - (b.block ?? 0)
    );
    let groups: Group[] = [];
    for (const difference of inOrder) {
      const { id, block } = difference;
      // Such a block is damaged, whatever else is in it or missing.
      if (difference.rows.some((row) => this.#misleading.has(row))) continue;
      let group: Group = {
        ids: new Set([id]),
        blocks: new Set(block === undefined ? [] : [block]),
        rows: new Set(difference.rows.filter((row) => row !== undefined)),
        differences: [difference],
      };
      const others: Group[] = [];
      for (const other of groups) {
        const isRelated = !other.ids.isDisjointFrom(group.ids) ||
          !other.blocks.isDisjointFrom(group.blocks) || !other.rows.isDisjointFrom(group.rows);
        if (isRelated) group = join(other, group);
        else others.push(other);
      }
      groups = [...others, group];
    }
    return groups;
  }
}

function join(a: Group, b: Group): Group {
  return {
    ids: a.ids.union(b.ids),
    blocks: a.blocks.union(b.blocks),
    rows: a.rows.union(b.rows),
    differences: [...a.differences, ...b.differences],
  };
}
