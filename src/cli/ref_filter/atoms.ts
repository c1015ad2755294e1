import { encodeText } from "../../bytes/text.ts";
import { EXIT, failed, fatal } from "../failure.ts";
import { type DateFormatter, parseDateFormat } from "./date_format.ts";
import type { ReadObject, RefItem, RefSurroundings } from "./item.ts";
import {
  type EmailOptions,
  firstLines,
  headerValues,
  joinSubject,
  messageParts,
  personEmail,
  personMoment,
  personName,
  sanitizeSubject,
} from "./object_fields.ts";
import { alignText, parseColor, type Position } from "./text.ts";

/** What must be known of an object. */
export type Need = "nothing" | "type" | "content";

/** A value that can be shown of a ref. */
export interface ValueAtom {
  readonly kind: "value";
  /** What stands between the brackets. */
  readonly name: string;
  /** What of the object must be read before. */
  readonly need: Need;
  /** Whether the object behind a tag is meant. */
  readonly deref: boolean;
  /** Shows it; empty when there is nothing to be shown. */
  value(item: RefItem): string;
  /** The number to sort by; without it the text counts. */
  readonly number?: ((item: RefItem) => number) | undefined;
}

/** A sign that tells what becomes of what follows. */
export type ControlAtom =
  | { readonly kind: "align"; readonly name: string; apply(text: string): string }
  | { readonly kind: "if"; readonly name: string; holds(text: string): boolean }
  | { readonly kind: "then" | "else" | "end"; readonly name: string };

/** What can stand between `%(` and `)`. */
export type Atom = ValueAtom | ControlAtom;

/** Everything an atom is made from. */
interface Source {
  /** All that stands between the brackets. */
  readonly name: string;
  /** What stands behind the colon, if anything. */
  readonly argument: string | undefined;
  readonly around: RefSurroundings;
}

/** Makes what shows something of an object. */
interface ObjectField {
  readonly need: Need;
  make(source: Source): (object: ReadObject) => string;
  number?(source: Source): ((object: ReadObject) => number) | undefined;
}

/** What Git can show and we cannot, and why. */
const REFUSED: Readonly<Record<string, string>> = {
  "ahead-behind": "it needs a walk through the history",
  "is-base": "it needs a walk through the history",
  deltabase: "it needs the insides of packs",
  describe: "it needs a walk through the history",
  push: "it needs what is configured of remotes",
  signature: "it needs another program",
  trailers: "it needs what is configured of trailers",
  upstream: "it needs what is configured of remotes",
};

/**
 * Parses what stands between `%(` and `)`, or behind `--sort=`.
 *
 * @throws {Failure} When there is no such value, in Git's words.
 */
export function parseAtom(text: string, around: RefSurroundings): Atom {
  const deref = text.startsWith("*");
  const [, name = "", rest] = /^\*?([^:]*)(?::(.*))?$/s.exec(text) ?? [];
  if (text === "" || text === "*") throw fatal(`malformed field name: ${text}`);
  const source = { name: text, argument: rest || undefined, around };
  if (Object.hasOwn(REF_FIELDS, name)) return refAtom(REF_FIELDS[name]!, source, deref);
  if (Object.hasOwn(CONTROLS, name)) return CONTROLS[name]!(source);
  if (Object.hasOwn(OBJECT_FIELDS, name)) return objectAtom(OBJECT_FIELDS[name]!, source, deref);
  if (Object.hasOwn(REFUSED, name)) {
    throw fatal(`%(${text}) is not supported: ${REFUSED[name]}`);
  }
  if (name === "rest") throw fatal(`this command reject atom %(${text})`);
  throw fatal(`unknown field name: ${text}`);
}

function refAtom(
  make: (source: Source) => (item: RefItem) => string,
  source: Source,
  deref: boolean,
): ValueAtom {
  const plain = make(source);
  const isName = source.name.startsWith("*refname") || source.name.startsWith("*symref");
  return {
    kind: "value",
    name: source.name,
    need: "nothing",
    deref: false,
    value: deref && isName ? (item) => `${plain(item)}^{}` : plain,
  };
}

function objectAtom(field: ObjectField, source: Source, deref: boolean): ValueAtom {
  const show = field.make(source);
  const number = field.number?.(source);
  const pick = deref ? (item: RefItem) => item.peeledObject : (item: RefItem) => item.object;
  const { name } = source;
  if (/^\*?objectname/.test(name)) {
    // Without the object, the ref may know it.
    const known = deref
      ? (item: RefItem) => item.peeledObject?.oid ?? item.peeled
      : (item: RefItem) => item.oid;
    const value = (item: RefItem) => {
      const oid = known(item);
      return oid === undefined ? "" : show({ oid, type: "commit", size: 0 });
    };
    return { kind: "value", name, need: deref ? "type" : "nothing", deref, value };
  }
  return {
    kind: "value",
    name,
    need: field.need,
    deref,
    value(item) {
      const object = pick(item);
      return object ? show(object) : "";
    },
    number: number && ((item) => {
      const object = pick(item);
      return object ? number(object) : 0;
    }),
  };
}

/** What is known of a ref without its object. */
const REF_FIELDS: Readonly<Record<string, (source: Source) => (item: RefItem) => string>> = {
  refname(source) {
    const edit = nameEdit(source);
    return ({ refname }) => edit(refname);
  },
  symref(source) {
    const edit = nameEdit(source);
    return ({ symref }) => symref === undefined ? "" : edit(symref);
  },
  HEAD(source) {
    refuseArgument(source);
    const { head } = source.around;
    return ({ refname }) => refname === head ? "*" : " ";
  },
  flag: () => ({ symref, isPacked }) =>
    [symref === undefined ? "" : "symref", isPacked ? "packed" : ""].filter(Boolean).join(),
  color({ argument, around }) {
    if (argument === undefined) throw fatal("expected format: %(color:<color>)");
    const color = parseColor(argument);
    if (color === undefined) {
      const reason = `invalid color value: ${argument}`;
      throw failed(`${reason}\nfatal: unrecognized color: %(color:${argument})`, EXIT.FATAL);
    }
    return () => around.color ? color : "";
  },
  worktreepath: ({ around }) => ({ refname }) =>
    refname.startsWith("refs/heads/") ? around.worktreePath(refname) ?? "" : "",
};

/** What a name is cut to. */
function nameEdit({ name, argument, around }: Source): (refname: string) => string {
  if (argument === undefined) return (refname) => refname;
  if (argument === "short") return (refname) => around.shorten(refname);
  const [, side, text = ""] = /^(l?strip|rstrip)=(.*)$/s.exec(argument) ?? [];
  if (side === undefined) throw badArgument(name, argument);
  const count = /^\s*[+-]?[0-9]+$/.test(text) ? Number(text) : NaN;
  if (Number.isNaN(count) || Math.abs(count) > 0x7fffffff) {
    const option = side === "rstrip" ? "rstrip" : "lstrip";
    throw fatal(`Integer value expected refname:${option}=${text}`);
  }
  return (refname) => {
    const components = refname.split("/");
    // A negative number tells how many are left.
    const strip = count < 0 ? components.length + count : count;
    if (strip <= 0) return refname;
    if (strip >= components.length) return "";
    const kept = side === "rstrip" ? components.slice(0, -strip) : components.slice(strip);
    return kept.join("/");
  };
}

/** What tells how other values are shown. */
const CONTROLS: Readonly<Record<string, (source: Source) => Atom>> = {
  align({ name, argument }) {
    const { width, position } = parseAlign(argument);
    return { kind: "align", name, apply: (text) => alignText(text, width, position) };
  },
  if({ name, argument }) {
    const [, comparison, wanted = ""] = /^(equals|notequals)=(.*)$/s.exec(argument ?? "") ?? [];
    if (argument !== undefined && comparison === undefined) throw badArgument(name, argument);
    const holds = {
      equals: (text: string) => text === wanted,
      notequals: (text: string) => text !== wanted,
      // deno-lint-ignore no-control-regex
      filled: (text: string) => /[^\t-\x0d ]/.test(text),
    }[comparison ?? "filled"]!;
    return { kind: "if", name, holds };
  },
  then: ({ name }) => ({ kind: "then", name }),
  else: ({ name }) => ({ kind: "else", name }),
  end: ({ name }) => ({ kind: "end", name }),
};

const POSITIONS: readonly string[] = ["left", "middle", "right"] satisfies Position[];

function parseAlign(argument: string | undefined): { width: number; position: Position } {
  if (argument === undefined) throw fatal("expected format: %(align:<width>,<position>)");
  let width: number | undefined;
  let position: Position = "left";
  for (const part of argument.split(",")) {
    const [, key, text = ""] = /^(?:(position|width)=)?(.*)$/s.exec(part) ?? [];
    if (key !== "width" && POSITIONS.includes(text)) position = text as Position;
    else if (key === "position") throw fatal(`unrecognized position:${text}`);
    else if (/^\s*\+?[0-9]+$/.test(text)) width = Number(text);
    else if (key === "width") throw fatal(`unrecognized width:${text}`);
    else throw fatal(`unrecognized %(align) argument: ${part}`);
  }
  if (width === undefined) throw fatal("positive width expected with the %(align) atom");
  return { width, position };
}

/** What is known of an object. */
const OBJECT_FIELDS: Readonly<Record<string, ObjectField>> = {
  objectname: { need: "nothing", make: (source) => ofOid(source, ({ oid }) => [oid]) },
  objecttype: {
    need: "type",
    make(source) {
      refuseArgument(source);
      return ({ type }) => type;
    },
  },
  objectsize: {
    need: "type",
    make({ name, argument }) {
      if (argument === "disk") {
        throw fatal(`%(${name}) is not supported: it needs the insides of packs`);
      }
      if (argument !== undefined) throw badArgument(name, argument);
      return ({ size }) => `${size}`;
    },
    number: () => ({ size }) => size,
  },
  tree: ofHeader("commit", "tree"),
  parent: ofHeader("commit", "parent"),
  numparent: {
    need: "content",
    make: () => (object) =>
      object.type === "commit" ? `${headerValues(object, "parent").length}` : "",
    number: () => (object) => headerValues(object, "parent").length,
  },
  object: ofTag("object"),
  type: ofTag("type"),
  tag: ofTag("tag"),
  ...person("author", ["commit"]),
  ...person("committer", ["commit"]),
  ...person("tagger", ["tag"]),
  creator: ofPerson(["commit", "tag"], () => (line) => line),
  creatordate: dateField(["commit", "tag"]),
  subject: {
    need: "content",
    make({ name, argument }) {
      if (argument !== undefined && argument !== "sanitize") throw badArgument(name, argument);
      const edit = argument === undefined ? joinSubject : sanitizeSubject;
      return ofMessage(({ subject }) => edit(subject));
    },
  },
  body: {
    need: "content",
    make(source) {
      refuseArgument(source);
      return ofMessage(({ body }) => body);
    },
  },
  contents: {
    need: "content",
    make: contents,
    number: ({ argument }) =>
      argument === "size"
        ? (object) => Number(ofMessage(({ whole }) => `${encodeText(whole).length}`)(object))
        : undefined,
  },
  raw: {
    need: "content",
    make({ name, argument }) {
      if (argument !== undefined && argument !== "size") throw badArgument(name, argument);
      return argument === "size" ? ({ size }) => `${size}` : ({ content = "" }) => content;
    },
    number: ({ argument }) => argument === "size" ? ({ size }) => size : undefined,
  },
};

function contents({ name, argument }: Source): (object: ReadObject) => string {
  const [, lines] = /^lines=(.*)$/s.exec(argument ?? "") ?? [];
  if (lines !== undefined) {
    if (!/^\s*\+?[0-9]+$/.test(lines)) {
      throw fatal(`positive value expected contents:lines=${lines}`);
    }
    return ofMessage((parts) => firstLines(parts, Number(lines)));
  }
  switch (argument) {
    case undefined:
      return ofMessage(({ whole }) => whole);
    case "body":
      return ofMessage(({ unsignedBody }) => unsignedBody);
    case "size":
      return ofMessage(({ whole }) => `${encodeText(whole).length}`);
    case "signature":
      return ofMessage(({ signature }) => signature);
    case "subject":
      return ofMessage(({ subject }) => joinSubject(subject));
  }
  if (/^trailers(?::|$)/.test(argument)) {
    throw fatal(`%(${name}) is not supported: ${REFUSED["trailers"]}`);
  }
  throw badArgument(name, argument);
}

function ofMessage(
  show: (parts: ReturnType<typeof messageParts>) => string,
): (object: ReadObject) => string {
  return (object) =>
    object.type === "commit" || object.type === "tag" ? show(messageParts(object)) : "";
}

/** Object ids, as long as it is asked for. */
function ofOid(
  { name, argument, around }: Source,
  oids: (object: ReadObject) => string[],
): (object: ReadObject) => string {
  if (argument === undefined) return (object) => oids(object).join(" ");
  if (argument === "short") {
    return (object) => oids(object).map((oid) => around.abbreviate(oid)).join(" ");
  }
  const [, text] = /^short=(.*)$/s.exec(argument) ?? [];
  if (text === undefined) throw badArgument(name, argument);
  const length = /^\s*\+?[0-9]+$/.test(text) ? Number(text) : 0;
  if (length === 0) throw fatal(`positive value expected '${text}' in %(${name})`);
  return (object) =>
    oids(object).map((oid) => around.abbreviate(oid, Math.max(length, 4))).join(" ");
}

function ofHeader(type: ReadObject["type"], key: string): ObjectField {
  return {
    need: "content",
    make(source) {
      return ofOid(source, (object) => object.type === type ? headerValues(object, key) : []);
    },
  };
}

function ofTag(key: string): ObjectField {
  return {
    need: "content",
    make: () => (object) => object.type === "tag" ? headerValues(object, key)[0] ?? "" : "",
  };
}

/** The line that tells who made an object; the tagger of a tag, the committer of a commit. */
function personLine(object: ReadObject, role?: string): string | undefined {
  const key = role ?? (object.type === "tag" ? "tagger" : "committer");
  return headerValues(object, key)[0];
}

function ofPerson(
  types: readonly ReadObject["type"][],
  make: (source: Source) => (line: string) => string,
  role?: string,
): ObjectField {
  return {
    need: "content",
    make(source) {
      const show = make(source);
      return (object) => {
        const line = types.includes(object.type) ? personLine(object, role) : undefined;
        return line === undefined ? "" : show(line);
      };
    },
  };
}

function person(role: string, types: readonly ReadObject["type"][]): Record<string, ObjectField> {
  return {
    [role]: ofPerson(types, () => (line) => line, role),
    [`${role}name`]: ofPerson(types, ({ name, argument }) => {
      refuseMailmap(name, argument);
      if (argument !== undefined) throw badArgument(name, argument);
      return personName;
    }, role),
    [`${role}email`]: ofPerson(types, ({ name, argument }) => {
      const options = parseEmailOptions(name, argument);
      return (line) => personEmail(line, options);
    }, role),
    [`${role}date`]: dateField(types, role),
  };
}

function parseEmailOptions(name: string, argument: string | undefined): EmailOptions {
  const words = new Set<string>();
  for (let rest = argument || undefined; rest !== undefined;) {
    const [word] = /^(?:trim|localpart|mailmap)/.exec(rest) ?? [];
    if (word === undefined) throw badArgument(name, rest);
    words.add(word);
    rest = rest.slice(word.length);
    if (rest !== "" && !rest.startsWith(",")) throw badArgument(name, rest);
    rest = rest === "" ? undefined : rest.slice(1);
  }
  refuseMailmap(name, words.has("mailmap") ? "mailmap" : undefined);
  return { trim: words.has("trim"), localPart: words.has("localpart") };
}

function dateField(types: readonly ReadObject["type"][], role?: string): ObjectField {
  const moment = (object: ReadObject) => {
    const line = types.includes(object.type) ? personLine(object, role) : undefined;
    return line === undefined ? undefined : personMoment(line);
  };
  return {
    need: "content",
    make({ name, around }) {
      // Other than elsewhere, nothing behind the colon is not the same as no colon.
      const [, format = "default"] = /:(.*)$/s.exec(name) ?? [];
      let show: DateFormatter | undefined;
      return (object) => {
        const found = moment(object);
        // As with Git, a wrong format is told when a date is shown.
        show ??= found && parseDateFormat(format, () => around.now());
        return found ? show!(found) : "";
      };
    },
    // Who says how a date is shown wants it compared as it is shown.
    number: ({ argument }) =>
      argument === undefined ? (object) => moment(object)?.time ?? 0 : undefined,
  };
}

function refuseMailmap(name: string, argument: string | undefined): void {
  if (argument !== "mailmap") return;
  throw fatal(`%(${name}) is not supported: it needs the mailmap`);
}

function refuseArgument({ name, argument }: Source): void {
  if (argument === undefined) return;
  throw fatal(`%(${name.replace(/^\*/, "").replace(/:.*$/s, "")}) does not take arguments`);
}

function badArgument(name: string, argument: string) {
  return fatal(`unrecognized %(${name.replace(/:.*$/s, "")}) argument: ${argument}`);
}
