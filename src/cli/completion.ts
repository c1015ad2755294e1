import type { Arguments } from "./arguments.ts";
import type { Command, CommandSpec, OptionSpec } from "./command.ts";
import { COMMANDS } from "./commands.ts";
import type { Context } from "./context.ts";
import { GLOBAL_OPTIONS } from "./global_options.ts";
import { PROGRAM } from "./usage.ts";

const SHELLS = ["bash", "zsh", "fish"] as const;

const spec: CommandSpec = {
  name: "completion",
  summary: "Print what makes a shell complete command lines.",
  usage: ["(bash | zsh | fish)"],
  options: [],
  examples: [
    ["completion bash > ~/.local/share/bash-completion/completions/reftable", "for bash"],
    ["completion zsh > ~/.zfunc/_reftable", "for zsh, where ~/.zfunc is in $fpath"],
    ["completion fish > ~/.config/fish/completions/reftable.fish", "for fish"],
  ],
};

/** `reftable completion` */
export const command: Command = { spec, run };

async function run(args: Arguments, { output }: Context): Promise<number> {
  const shell = args.soleOperand("the name of a shell");
  const known = SHELLS.find((name) => name === shell);
  if (known === undefined) throw args.usage(`unknown shell \`${shell}'`);
  const specs = await loadSpecs();
  output.write({ bash: formatBash, zsh: formatZsh, fish: formatFish }[known](specs));
  return 0;
}

/** The specs of all commands, those that belong to others behind these. */
async function loadSpecs(): Promise<CommandSpec[]> {
  const specs: CommandSpec[] = [];
  for (const { load } of Object.values(COMMANDS)) {
    const { spec } = (await load()).command;
    specs.push(spec);
    for (const { load } of Object.values(spec.subcommands ?? {})) {
      specs.push((await load()).command.spec);
    }
  }
  return specs;
}

/** The forms of an option, those with `=` where a value follows that can be left out. */
function forms({ long, short, value, optional, negatable }: OptionSpec): string[] {
  const all: string[] = [];
  if (short !== undefined) all.push(`-${short}`);
  if (long === undefined) return all;
  all.push(`--${long}`);
  if (value !== undefined && optional) all.push(`--${long}=`);
  if (negatable !== false) all.push(long.startsWith("no-") ? `--${long.slice(3)}` : `--no-${long}`);
  return all;
}

/** What can follow a command: its options, and the commands that belong to it. */
function words(spec: CommandSpec): string[] {
  const options = spec.options.filter(({ hidden }) => !hidden).flatMap(forms);
  return [...Object.keys(spec.subcommands ?? {}), ...options, "--help"];
}

/** The options before a command without their values. */
const GLOBAL_WORDS: readonly string[] = GLOBAL_OPTIONS.flatMap(([names]) =>
  names.split(", ").map((name) => name.replace(/ .*/, "").replace(/=.*/, "="))
);

/** The command that lists refs for completion; it says nothing where there is no repository. */
const LIST_REFS = `${PROGRAM} for-each-ref --format='%(refname)' 2>/dev/null`;

/** What bash and zsh have in common; only how they number words and offer choices differs. */
function formatFunction(
  specs: readonly CommandSpec[],
  { first, line, current, offer }: Readonly<Record<"first" | "line" | "current" | "offer", string>>,
): string {
  const top = [...Object.keys(COMMANDS), ...GLOBAL_WORDS].join(" ");
  const cases = specs.map((spec) =>
    `    (${quote(spec.name)}) choices=${quote(words(spec).join(" "))} operand=${
      spec.operand ?? ""
    } ;;`
  );
  const parents = specs.filter(({ subcommands }) => subcommands)
    .map(({ name }) => `    (${name}) command="$command \${${line}[i]}" ;;\n`);
  return `_${PROGRAM}() {
  local command="" choices="" operand="" i
  for ((i = ${first}; i < ${current}; i++)); do
    case \${${line}[i]} in
    (-C | -c) [[ -z $command ]] && ((i++)) ;;
    (-*) ;;
    (*)
      if [[ -z $command ]]; then
        command=\${${line}[i]}
        continue
      fi
      case $command in
${parents.join("")}    esac
      break
      ;;
    esac
  done
  case $command in
    ("") choices=${quote(top)} ;;
${cases.join("\n")}
  esac
${offer}
}
`;
}

function formatBash(specs: readonly CommandSpec[]): string {
  const lines = formatFunction(specs, {
    first: "1",
    line: "COMP_WORDS",
    current: "COMP_CWORD",
    // Refs are not for compgen, which would run what stands in their names.
    offer: `  local word=\${COMP_WORDS[COMP_CWORD]} ref
  COMPREPLY=($(compgen -W "$choices" -- "$word"))
  if [[ $operand = ref && $word != -* ]]; then
    while IFS= read -r ref; do
      if [[ $ref = "$word"* ]]; then
        printf -v ref %q "$ref"
        COMPREPLY+=("$ref")
      fi
    done < <(${LIST_REFS})
  fi
  if [[ \${COMPREPLY[0]} = *= ]]; then compopt -o nospace; fi`,
  });
  return `# bash completion for ${PROGRAM}
${lines}complete -o bashdefault -o default -F _${PROGRAM} ${PROGRAM}
`;
}

function formatZsh(specs: readonly CommandSpec[]): string {
  const lines = formatFunction(specs, {
    first: "2",
    line: "words",
    current: "CURRENT",
    offer: `  compadd -- \${=choices}
  if [[ $operand = ref && $PREFIX != -* ]]; then compadd -- \${(f)"$(${LIST_REFS})"}; fi
  if [[ $operand = path ]]; then _files; fi`,
  });
  return `#compdef ${PROGRAM}
${lines}_${PROGRAM} "$@"
`;
}

function formatFish(specs: readonly CommandSpec[]): string {
  const lines = [`# fish completion for ${PROGRAM}`];
  const complete = (condition: string, rest: string) =>
    lines.push(`complete -c ${PROGRAM} -n ${quote(condition)} ${rest}`);
  for (const [name, { summary }] of Object.entries(COMMANDS)) {
    complete("__fish_use_subcommand", `-f -a ${quote(name)} -d ${quote(summary)}`);
  }
  for (const spec of specs) {
    const condition = spec.name.split(" ").map((word) => `__fish_seen_subcommand_from ${word}`)
      .join("; and ");
    for (const [name, { summary }] of Object.entries(spec.subcommands ?? {})) {
      complete(condition, `-f -a ${quote(name)} -d ${quote(summary)}`);
    }
    if (spec.operand === "ref") complete(condition, `-f -a ${quote(`(${LIST_REFS})`)}`);
    for (const { long, short, value, optional, help, hidden } of spec.options) {
      if (hidden) continue;
      const names = [short && `-s ${short}`, long && `-l ${long}`].filter(Boolean).join(" ");
      const takes = value !== undefined && !optional ? " -r" : "";
      complete(condition, `${names}${takes} -d ${quote(help)}`);
    }
  }
  return lines.join("\n") + "\n";
}

/** Quotes a word for all of these shells. */
function quote(text: string): string {
  return `'${text.replaceAll("'", `'\\''`)}'`;
}
