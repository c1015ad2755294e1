/** What positions are multiplied by: the highest bits of the products are spread evenly. */
const FACTOR = 0x9e3779b1;

/**
 * Numbers positions of blocks from 0 as they come: millions, of which few differ. It is a hash table with open
 * addressing, since a look into a `Map` takes longer than all else that is done with a position.
 */
export class PositionNumbers {
  /** The position of each number. */
  #positions = new Float64Array(512);
  #count = 0;
  /** Numbers, each increased by one, where the hash of their position leads to or behind that; 0 where none is. */
  #table = new Uint32Array(1024);
  /** The hash is what such a shift leaves of a product. */
  #shift = 22;

  /** Gives the number of a position. */
  get(position: number): number {
    const table = this.#table;
    let place = Math.imul(position, FACTOR) >>> this.#shift;
    for (;;) {
      const number = table[place]! - 1;
      if (number < 0) return this.#add(position, place);
      if (this.#positions[number] === position) return number;
      place = (place + 1) & (table.length - 1);
    }
  }

  /** Gives all positions in ascending order, and which place of that order each number has. */
  ranked(): { readonly positions: Float64Array; readonly ranks: Uint32Array } {
    const positions = this.#positions.slice(0, this.#count).sort();
    const ranks = new Uint32Array(this.#count);
    for (let rank = 0; rank < positions.length; rank++) ranks[this.get(positions[rank]!)] = rank;
    return { positions, ranks };
  }

  #add(position: number, place: number): number {
    const number = this.#count++;
    this.#positions[number] = position;
    this.#table[place] = number + 1;
    // At least half of the places stay free, so that hardly any position is far from its own.
    if (this.#count === this.#positions.length) this.#grow();
    return number;
  }

  #grow(): void {
    const { buffer } = this.#positions;
    this.#positions = new Float64Array(buffer.transfer(2 * buffer.byteLength));
    const table = this.#table = new Uint32Array(2 * this.#table.length);
    this.#shift--;
    for (let number = 0; number < this.#count; number++) {
      let place = Math.imul(this.#positions[number]!, FACTOR) >>> this.#shift;
      while (table[place] !== 0) place = (place + 1) & (table.length - 1);
      table[place] = number + 1;
    }
  }
}
