import { trimEnd } from "../bytes/text.ts";
import { ReftableError } from "../errors.ts";
import type { Environment } from "../io/environment.ts";
import type { Config } from "./config/config.ts";
import { localTime, parseDate, type ZonedTime } from "./parse_date.ts";
import type { Identity } from "./reflog_entry.ts";

/** Where to find out who makes a change. */
export interface IdentitySources {
  /** The repository's configuration, or the user's. */
  readonly config: Config;
  /** Gives variables of the environment, as far as they may be read. */
  readonly environment?: Environment | undefined;
}

/**
 * Finds out who makes a change now, as Git does it: from `GIT_COMMITTER_NAME`, `GIT_COMMITTER_EMAIL` and
 * `GIT_COMMITTER_DATE`, then from the variables `committer.*` and `user.*` of the configuration, then from `EMAIL`. A
 * name or an address is not made up from the account's and the machine's, which Git would do.
 *
 * @throws {ReftableError} With code `"identity"` when there is no name or no address, or the date cannot be read.
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { committerIdentity, openRepository } from "@reftable/reftable";
 *
 * const parameters = ["user.name=Jane Doe", "user.email=jane@example.com"];
 * const { config } = await openRepository("tests/fixtures/repository/git", { parameters });
 * assertEquals(committerIdentity({ config }).name, "Jane Doe");
 * ```
 */
export function committerIdentity(
  { config, environment = () => undefined }: IdentitySources,
): Identity {
  // What is empty does not count, but where it is the last word.
  const configured = (key: string) =>
    config.string(`committer.${key}`) || config.string(`user.${key}`);
  const email = environment("GIT_COMMITTER_EMAIL") ?? configured("email") ??
    (environment("EMAIL") || undefined);
  if (email === undefined) throw unknownIdentity("email");
  const name = environment("GIT_COMMITTER_NAME") ?? configured("name");
  if (name === undefined) throw unknownIdentity("name");
  if (name === "") throw refuse(`empty ident name (for <${email}>) not allowed`);
  return cleanIdentity({ name, email, ...committerTime(environment("GIT_COMMITTER_DATE")) });
}

function committerTime(date: string | undefined): ZonedTime {
  if (!date) return localTime(new Date());
  const time = parseDate(date);
  if (time) return time;
  throw refuse(`invalid date format: ${date}`);
}

/**
 * Takes out of a name and an address what Git takes out: white space and punctuation around them, and what would
 * break the line in which they are written.
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { cleanIdentity } from "@reftable/reftable";
 *
 * const identity = { name: "Jane <Doe>, ", email: "<jane@example.com>" };
 * assertEquals(cleanIdentity(identity), { name: "Jane Doe", email: "jane@example.com" });
 * ```
 */
export function cleanIdentity<T extends Pick<Identity, "name" | "email">>(identity: T): T {
  return { ...identity, name: clean(identity.name), email: clean(identity.email) };
}

/**
 * Checks an identity that was given, and takes out of it what Git takes out.
 *
 * @throws {ReftableError} With code `"api"` when a log cannot hold it.
 */
export function checkIdentity(identity: Identity): Identity {
  const problem = identityProblem(identity);
  if (problem === undefined) return cleanIdentity(identity);
  throw new ReftableError("api", `Cannot log who makes a change: ${problem}`);
}

function identityProblem({ name, email, time, tzOffset }: Identity): string | undefined {
  if (name.includes("\0")) return `the name ${JSON.stringify(name)} has a NUL`;
  if (email.includes("\0")) return `the address ${JSON.stringify(email)} has a NUL`;
  if (!Number.isSafeInteger(time) || time < 0) return `the time is ${time}`;
  const isZone = Number.isInteger(tzOffset) && Math.abs(tzOffset) <= MAX_ZONE;
  return isZone ? undefined : `the time zone is ${tzOffset}`;
}

/** The largest time zone that is written in four digits. */
const MAX_ZONE = 9999;

function clean(text: string): string {
  return trimEnd(text, CRUD).replace(/^[\0- ,:;<>"\\']+/, "").replace(/[\n<>]/g, "");
}

/** What names and addresses neither begin nor end with: control characters, spaces and some marks. */
const CRUD = String.fromCharCode(...Array(33).keys()) + ",:;<>\"\\'";

function unknownIdentity(what: string): ReftableError {
  return refuse(`Committer identity unknown

*** Please tell me who you are.

Run

  git config --global user.email "you@example.com"
  git config --global user.name "Your Name"

to set your account's default identity.
Omit --global to set the identity only in this repository.

no ${what} was given and auto-detection is disabled`);
}

function refuse(message: string): ReftableError {
  return new ReftableError("identity", message);
}
