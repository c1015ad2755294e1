/** Who changes a ref, and when. */
export interface Identity {
  /** The person's name. */
  readonly name: string;
  /** The person's address, without angle brackets. */
  readonly email: string;
  /** When, in seconds since 1970-01-01 UTC. */
  readonly time: number;
  /** The time zone as Git writes it, read as a decimal number: −730 for `-0730`. */
  readonly tzOffset: number;
}

/** An entry of a ref's log. The log records of a table are such. */
export interface ReflogEntry extends Identity {
  /** What the ref held before, all zeros when it did not exist. */
  readonly oldOid: string;
  /** What the ref held then, all zeros when it was deleted. */
  readonly newOid: string;
  /** Why, in one line that ends with a newline, or empty. */
  readonly message: string;
}
